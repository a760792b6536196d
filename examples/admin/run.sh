#!/usr/bin/env bash
# Damages what the program of examples/repositories has left in a data directory, and looks after
# it. Prints each command and what it says; see expected.txt.
#
#   run.sh PROGRAM [SATCHEL_BINARY]
set -euo pipefail
program=$(realpath "$1")
satchel=$(realpath "${2:-$(command -v satchel)}")
work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill -9 "$pid" 2> /dev/null; rm -rf "$work"' EXIT
cd "$work"
mkdir bin
ln -s "$satchel" bin/satchel
PATH=$work/bin:$PATH

# The command and its output; then its exit code, if it is not 0.
run() {
  local code=0
  echo "\$ $*"
  "$@" 2>&1 || code=$?
  [[ $code == 0 ]] || echo "exit code $code"
  echo
}

SATCHEL_PERSISTENCE__DATA_DIR=data "$program" > /dev/null
satchel serve --port auto --data-dir data --ready-file ready 2> log &
pid=$!
for _ in $(seq 400); do
  [[ -s ready ]] && break
  sleep 0.05
done
port=$(sed -n 's/^port=//p' ready)
redis-cli -p "$port" > /dev/null << 'END'
DEL satchel:v1:task:{tx:!:collect%3A1}:loc
ZADD satchel:v1:wf:{wi:!}:ix 0 "cr 0001767225600123 lost"
HSET satchel:v1:mem:{me:!:alice}:meta message_count 9
END
kill -TERM "$pid"
wait "$pid" || true
pid=

run satchel admin check --data-dir data
run satchel admin check --data-dir data --entity task --show-keys
run satchel admin reindex --data-dir data --repair
run satchel admin check --data-dir data --quiet
run satchel admin sweep --data-dir data --reapply --workflow-retention 1ms
run satchel admin check --data-dir nowhere
