#!/usr/bin/env bash
# Run netlint in a step of GitHub Actions. All input comes through the environment, so that no value is ever read as
# shell code; what it means is said in action.yml.
set -euo pipefail

work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/netlint.XXXXXX")
trap 'rm -rf "$work"' EXIT

# A pull request from a fork, and every run of Dependabot, has a token that may not upload.
upload=false
if [ "$NETLINT_UPLOAD" = true ] && [ "$NETLINT_FORK" != true ] && [ "${GITHUB_ACTOR:-}" != 'dependabot[bot]' ]; then
  upload=true
fi
annotate=$NETLINT_ANNOTATIONS
if [ "$annotate" = auto ]; then
  annotate=true
  if [ "$upload" = true ]; then annotate=false; fi
fi

arguments=(--no-progress --no-suppressed --format text --format "sarif=$NETLINT_SARIF" --format "json=$work/report.json"
  --format "github=$work/annotations" --format "markdown=$work/summary.md")
add() { if [ -n "$2" ]; then arguments+=("$1" "$2"); fi; }
add --config "$NETLINT_CONFIG"
add --baseline "$NETLINT_BASELINE"
add --engine "$NETLINT_ENGINE"
add --severity "$NETLINT_SEVERITY"
add --confidence "$NETLINT_CONFIDENCE"
if [ "$NETLINT_FAIL_ON" = never ]; then arguments+=(--exit-zero); else add --fail-on "$NETLINT_FAIL_ON"; fi
paths=()
while IFS= read -r path; do
  if [ -n "$path" ]; then paths+=("$path"); fi
done <<<"$NETLINT_PATHS"

# The report quotes the input: nothing in it is a command of the workflow.
token=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
printf '::stop-commands::%s\n' "$token"
status=0
"$NETLINT" check "${arguments[@]}" -- "${paths[@]}" || status=$?
printf '::%s::\n' "$token"

if [ -e "$work/annotations" ] && [ "$annotate" = true ]; then cat "$work/annotations"; fi
if [ -e "$work/summary.md" ] && [ "$NETLINT_SUMMARY" = true ]; then cat "$work/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
{
  printf 'exit-status=%s\n' "$status"
  if [ -e "$work/report.json" ]; then
    printf 'sarif-file=%s\n' "${NETLINT_SARIF//$'\n'/}"
    printf 'upload=%s\n' "$upload"
    python3 -c '
import json, sys
for level, count in json.load(open(sys.argv[1], encoding="utf-8"))["summary"].items():
    print(f"{level}s={count}")' "$work/report.json"
  fi
} >>"$GITHUB_OUTPUT"
# Findings fail the last step of the action, after the upload; here only what kept netlint from checking does.
if [ "$status" -ge 2 ] && [ ! -e "$work/report.json" ]; then exit "$status"; fi
