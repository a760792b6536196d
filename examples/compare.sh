#!/usr/bin/env bash
# Runs a command and compares what it prints with a file.
#
#   compare.sh EXPECTED COMMAND...
set -euo pipefail
expected=$1
shift
diff -u "$expected" <("$@") && echo "as expected"
