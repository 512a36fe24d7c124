#!/usr/bin/env bash
# What action.yml runs. All input comes through the environment, so that no value is ever read as shell code.
set -euo pipefail

venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$NETLINT_ACTION"

arguments=(--format text --format "sarif=$NETLINT_SARIF")
if [ -n "$NETLINT_CONFIG" ]; then arguments+=(--config "$NETLINT_CONFIG"); fi
if [ "$NETLINT_FAIL_ON" = never ]; then arguments+=(--exit-zero); else arguments+=(--fail-on "$NETLINT_FAIL_ON"); fi
paths=()
while IFS= read -r path; do
  if [ -n "$path" ]; then paths+=("$path"); fi
done <<<"$NETLINT_PATHS"

status=0
"$venv/bin/netlint" check "${arguments[@]}" -- "${paths[@]}" || status=$?
{
  printf 'sarif-file=%s\n' "$NETLINT_SARIF"
  printf 'exit-status=%s\n' "$status"
} >>"$GITHUB_OUTPUT"
exit "$status"
