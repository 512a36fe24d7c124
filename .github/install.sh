#!/usr/bin/env bash
# Install netlint from the checkout of the action itself, with the pinned versions of what it needs.
# NETLINT_ACTION: that checkout. The command's path goes to the step's output `netlint`.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo '::error title=netlint::Python 3.11 or newer is needed as python3; run actions/setup-python before'
  exit 2
fi
venv=$(mktemp -d "${RUNNER_TEMP:-/tmp}/netlint.XXXXXX")
python3 -m venv "$venv"
pip=("$venv/bin/pip" --quiet --disable-pip-version-check install)
"${pip[@]}" --require-hashes --requirement "$NETLINT_ACTION/.github/requirements.txt"
"${pip[@]}" --no-build-isolation --no-deps "$NETLINT_ACTION"
printf 'netlint=%s\n' "$venv/bin/netlint" >>"$GITHUB_OUTPUT"
