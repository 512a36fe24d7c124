#!/usr/bin/env bash
# Microsoft's SARIF validator over netlint's reports: tests/sarif-validator.sh [FOLDER…]
#
# Every FOLDER is checked as one site, as if it lay in a repository, and its report validated with the rules of the
# standard and of GitHub, at all levels. Without FOLDER, the fixtures are taken. Fails on any error, warning or note.
# The rule that asks whether addresses can be reached is off: it needs a network.
#
# NETLINT     the command (default: .venv/bin/netlint of the checkout)
# MULTITOOL   the folder in which npm has installed @microsoft/sarif-multitool (104 MB; default: a temporary one)
set -euo pipefail
cd "$(dirname "$0")/.."
netlint=${NETLINT:-$PWD/.venv/bin/netlint}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm_folder=${MULTITOOL:-$work/npm}
tool=$npm_folder/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
if [ ! -e "$tool" ]; then
  mkdir -p "$npm_folder"
  npm install --silent --prefix "$npm_folder" @microsoft/sarif-multitool
fi
chmod u+x "$tool" # npm does not run the package's own step that does it

if [ $# -eq 0 ]; then set -- fixtures/*/input; fi
echo '{"SARIF2006.UrisShouldBeReachable.Options":{"RuleEnabled":"Disabled"}}' >"$work/config.json"

repository=$work/repository
git init -q -b main "$repository"
git -C "$repository" remote add origin https://github.com/example/site.git
git -C "$repository" -c user.name=x -c user.email=x@example.com commit -q --allow-empty -m x

failed=0
for folder in "$@"; do
  status=0
  rm -rf "$repository/site"
  cp -r "$folder" "$repository/site"
  (cd "$repository" && "$netlint" check --quiet --exit-zero --confidence low \
    --format "sarif=$work/out.sarif" site >/dev/null) || status=$?
  if [ "$status" -ne 0 ]; then
    printf '%s: netlint ends with %s\n' "$folder" "$status"
    exit 1
  fi
  rm -f "$work/result.sarif"
  "$tool" validate "$work/out.sarif" --rule-kind 'Sarif;Ghas' --level 'Error;Warning;Note' --config "$work/config.json" \
    --output "$work/result.sarif" --log ForceOverwrite >"$work/console" 2>&1 || true
  # the exit status is 0 even with errors: what counts is in the results
  python3 - "$folder" "$work/out.sarif" "$work/result.sarif" <<'PYTHON' || failed=1
import json, sys
from collections import Counter

folder, ours, theirs = sys.argv[1:]
report = json.load(open(ours, encoding="utf-8"))
runs = json.load(open(theirs, encoding="utf-8-sig"))["runs"]
found = [result for run in runs for result in run.get("results", ())]
levels = Counter(result.get("level", "warning") for result in found)
print(f"{folder}: {sum(len(run['results']) for run in report['runs'])} results; "
      f"{levels['error']} errors, {levels['warning']} warnings, {levels['note']} notes")
for result in found[:20]:
    place = result["locations"][0]["physicalLocation"]["region"] if result.get("locations") else {}
    print(f"  {result.get('level', 'warning')} {result['ruleId']} line {place.get('startLine')}: "
          f"{result['message'].get('text') or result['message'].get('arguments')}")
ran = any(i.get("executionSuccessful", True) for run in runs for i in run.get("invocations", [{}]))
sys.exit(bool(found) or not runs or not ran)
PYTHON
done
exit "$failed"
