#!/usr/bin/env bash
# Configures a preset when that is needed, and builds it.
#
#   tools/build.sh dev [target...]
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
[[ -f build/$preset/build.ninja ]] || cmake --preset "$preset"
ninja -C "build/$preset" -j "${JOBS:-$(nproc)}" "$@"
