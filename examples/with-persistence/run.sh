#!/usr/bin/env bash
# Writes values of every type with deadlines, stops the server, starts it again and reads them;
# then the same with kill -9 after a snapshot. Prints what it finds; see expected.txt.
#
#   run.sh [SATCHEL_BINARY]
set -euo pipefail

satchel=${1:-satchel}
work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill -9 "$pid" 2> /dev/null; rm -rf "$work"' EXIT

start() {
  rm -f "$work/ready"
  "$satchel" serve --port auto --data-dir "$work/data" --ready-file "$work/ready" 2>> "$work/log" &
  pid=$!
  for _ in $(seq 400); do
    [[ -s $work/ready ]] && break
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.05
  done
  port=$(sed -n 's/^port=//p' "$work/ready")
}

cli() { redis-cli -p "$port" "$@"; }

show() {
  echo "string: $(cli GET greeting)"
  echo "deadline kept: $(cli PEXPIRETIME greeting)"
  echo "hash: $(cli HGET user:1 name)"
  echo "list: $(cli LRANGE queue 0 -1 | paste -sd' ')"
  echo "set: $(cli SMEMBERS tags | sort | paste -sd' ')"
  echo "sorted set: $(cli ZRANGE board 0 -1 WITHSCORES | paste -sd' ')"
  echo "database 1: $(cli -n 1 GET other)"
}

start
cli SET greeting hello PXAT 4102444800000 > /dev/null
cli HSET user:1 name ann mail ann@example.org > /dev/null
cli RPUSH queue a b c > /dev/null
cli SADD tags red green > /dev/null
cli ZADD board 1.5 ann 2 bob > /dev/null
cli -n 1 SET other here > /dev/null

echo "== stop in an orderly way, start again"
kill -TERM "$pid"
wait "$pid"
start
show

echo "== change, snapshot, kill -9, start again"
cli SET greeting again PXAT 4102444800000 > /dev/null
cli SAVE > /dev/null
kill -9 "$pid"
wait "$pid" 2> /dev/null || true
start
show

kill -TERM "$pid"
wait "$pid"
pid=
echo "== check"
"$satchel" check "$work/data" > /dev/null && echo "sound"
