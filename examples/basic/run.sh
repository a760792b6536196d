#!/usr/bin/env bash
# Runs the example's program in both modes; see expected.txt. The redis-server is its own, on a
# Unix socket in a temporary directory.
#
#   run.sh PROGRAM
set -euo pipefail
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
redis=
finish() {
  if [ -n "$redis" ]; then kill "$redis" 2>/dev/null || true; wait "$redis" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

echo "== standalone"
SATCHEL_CONFIG=$here/satchel.json "$program"

echo "== distributed, on a redis-server"
redis-server --port 0 --unixsocket "$work/socket" --save "" --appendonly no --dir "$work" \
  >"$work/log" 2>&1 &
redis=$!
for _ in $(seq 200); do
  if redis-cli -s "$work/socket" ping >/dev/null 2>&1; then break; fi
  sleep 0.05
done
SATCHEL_CONFIG=$here/satchel.json SATCHEL_MODE=distributed \
  SATCHEL_DISTRIBUTED__SEEDS="unix://$work/socket" "$program"
