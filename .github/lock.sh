#!/usr/bin/env bash
# Pin what the action installs, with hashes, after a change of the dependencies: .github/lock.sh
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check pip-tools
CUSTOM_COMPILE_COMMAND=.github/lock.sh "$folder/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --build-deps-for wheel \
  --output-file .github/requirements.txt pyproject.toml
