#!/usr/bin/env bash
# Runs the program ($1): writes, reads, dies after a snapshot, reads again; compares all that it
# prints with expected.txt.
set -euo pipefail
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export SATCHEL_CONFIG=$here/satchel.json
export SATCHEL_PERSISTENCE__DATA_DIR=$work/data
{
  "$program" write
  "$program" read
  "$program" save-and-die || true
  "$program" read
} >"$work/printed" 2>"$work/errors"
diff "$here/expected.txt" "$work/printed"
echo "as expected"
