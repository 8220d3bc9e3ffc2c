#!/usr/bin/env bash
# Write requirements/*.txt with hashes. Usage: codegen/lock.sh VENV_BIN [--upgrade]
set -euo pipefail

bin=$1
shift
cd "$(dirname "$0")/.."
export CUSTOM_COMPILE_COMMAND="make lock"

lock() {
  "$bin/pip-compile" --quiet --generate-hashes --strip-extras --allow-unsafe \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host "$@"
}

lock "$@" --output-file requirements/runtime.txt pyproject.toml
lock "$@" --output-file requirements/dev.txt --extra envoy --extra betterproto --extra jwt --extra lsp --extra dask --extra watch --extra xds pyproject.toml requirements/dev.in
lock "$@" --output-file requirements/docs.txt requirements/docs.in
