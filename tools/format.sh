#!/usr/bin/env bash
# Formats every C++ file in place.
set -euo pipefail
cd "$(dirname "$0")/.."
formatter=$(command -v clang-format-14 || command -v clang-format)
git ls-files -z '*.h' '*.cc' | xargs -0 -r "$formatter" --style=file -i
