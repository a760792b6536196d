#!/usr/bin/env bash
# redis-cli: single commands, input from files and pipes, output formats, and the modes that look
# at a server from outside.
# shellcheck source=/dev/null
source "$(dirname "$0")/common.sh"
need_program redis-cli redis-tools

plain_and_resp3() {
  expect "plain" OK "$(cli SET greeting hello)"
  expect "a quoted nil" '(nil)' "$(cli --no-raw GET missing)"
  cli HSET h field value >/dev/null
  expect "-3 shows maps" '1# "field" => "value"' "$(cli -3 --no-raw HGETALL h)"
  expect "errors end with status 1 under -e" 1 "$(cli -e INCR greeting >/dev/null 2>&1 || echo $?)"
  expect "-n chooses the database" "" "$(cli -n 3 GET greeting)"
  expect "-u" hello "$(redis-cli -u "redis://127.0.0.1:$PORT/0" GET greeting)"
  expect "-r repeats" $'1\n2\n3' "$(cli -r 3 INCR counter)"
  expect "-x takes the last argument from the input" "from a pipe" \
    "$(printf 'from a pipe' | cli -x SET piped >/dev/null; cli GET piped)"
  expect "-X takes a named argument from the input" "named" \
    "$(printf 'named' | cli -X tag SET tagged tag >/dev/null; cli GET tagged)"
  cli RPUSH l one 'two "2"' three >/dev/null
  expect "--csv" '"one","two \"2\"","three"' "$(cli --csv LRANGE l 0 -1)"
  expect "--json" '["one","two \"2\"","three"]' "$(cli --json LRANGE l 0 -1)"
  expect "commands on the input" $'OK\n5' "$(printf 'SET a 5\nGET a\n' | cli)"
  expect "a transaction on the input" $'OK\nQUEUED\nQUEUED\n6\n7' \
    "$(printf 'MULTI\nINCR a\nINCR a\nEXEC\n' | cli)"
}

scripts() {
  # shellcheck disable=SC2016  # Lua
  printf 'redis.call("SET", KEYS[1], ARGV[1])\nreturn {KEYS[1], ARGV[1], #KEYS}\n' >"$WORK/script.lua"
  expect "--eval" $'scripted\nvalue\n1' "$(cli --eval "$WORK/script.lua" scripted , value)"
  expect "what the script wrote" value "$(cli GET scripted)"
}

long_scripts() {
  cli CONFIG SET busy-reply-threshold 10 >/dev/null
  cli EVAL 'while true do end' 0 >"$WORK/endless" 2>&1 &
  local endless=$! tries=0
  until cli GET a 2>&1 | grep -q '^BUSY' || ((++tries == 200)); do :; done
  expect_match "others are told" '^BUSY .*SCRIPT KILL or SHUTDOWN NOSAVE' "$(cli GET a 2>&1)"
  expect_match "a function's end is another command" '^BUSY' "$(cli FUNCTION KILL 2>&1)"
  expect "SCRIPT KILL" OK "$(cli SCRIPT KILL)"
  wait "$endless" || true
  expect_match "the script's end" 'Script killed by user' "$(cat "$WORK/endless")"
  expect_match "nothing is left to end" '^NOTBUSY' "$(cli SCRIPT KILL 2>&1)"
  cli CONFIG SET busy-reply-threshold 5000 >/dev/null
  printf '#!lua name=counting\nredis.register_function("count", function(k) return redis.call("INCR", k[1]) end)' |
    cli -x FUNCTION LOAD REPLACE >/dev/null
  expect "FCALL" 1 "$(cli FCALL count 1 counted)"
  cli FUNCTION DUMP | head -c -1 >"$WORK/functions"
  expect "the payload of FUNCTION DUMP comes back" OK \
    "$(cli -X payload FUNCTION RESTORE payload REPLACE <"$WORK/functions")"
  cli FUNCTION FLUSH >/dev/null
}

pipe_mode() {
  local i
  for ((i = 0; i < 5000; i++)); do
    # shellcheck disable=SC2016  # RESP
    printf '*3\r\n$3\r\nSET\r\n$%d\r\np:%d\r\n$1\r\nv\r\n' $((${#i} + 2)) "$i"
  done >"$WORK/commands"
  expect_match "--pipe" '^errors: 0, replies: 5000$' "$(cli --pipe <"$WORK/commands")"
  expect_match "--pipe counts errors" '^errors: 1, replies: 1$' \
    "$(printf 'SETTT a b\r\n' | cli --pipe 2>&1)"
  expect "--scan with a pattern" 1111 "$(cli --scan --pattern 'p:1*' | wc -l)"
  expect "--scan of all" 5000 "$(cli --scan --pattern 'p:*' | wc -l)"
}

samples() {
  cli FLUSHALL >/dev/null
  cli SET small x >/dev/null
  cli SET large "$(printf '%0500d' 0)" >/dev/null
  cli RPUSH list a b c >/dev/null
  cli SADD set a b >/dev/null
  cli ZADD zset 1 a >/dev/null
  cli HSET hash f v g w >/dev/null
  cli XADD stream 1-1 f v >/dev/null
  local out
  out=$(cli --bigkeys)
  expect_match "--bigkeys: string" 'Biggest string found "large" has 500 bytes|Biggest string found .*large.* has 500 bytes' "$out"
  expect_match "--bigkeys: list" 'Biggest +list found .*list.* has 3 items' "$out"
  expect_match "--bigkeys: hash" 'Biggest +hash found .*hash.* has 2 fields' "$out"
  expect_match "--bigkeys: stream" 'Biggest stream found .*stream.* has 1 entries' "$out"
  expect_match "--bigkeys: all keys" '^Sampled 7 keys in the keyspace!' "$out"
  out=$(cli --memkeys)
  expect_match "--memkeys" 'Biggest string found .*large.* has [0-9]+ bytes' "$out"
  expect_match "--memkeys: all keys" '^Sampled 7 keys in the keyspace!' "$out"
  out=$(cli --hotkeys 2>&1 || true)
  expect_match "--hotkeys without an LFU policy" 'An LFU maxmemory policy is not selected' "$out"
  cli CONFIG SET maxmemory-policy allkeys-lfu >/dev/null
  cli -r 200 GET small >/dev/null
  out=$(cli --hotkeys 2>&1)
  expect_match "--hotkeys" 'hot key found with counter: [0-9]+.*keyname: .*small' "$out"
  cli CONFIG SET maxmemory-policy noeviction >/dev/null
}

# Modes that go on until they are ended.
watchers() {
  stdbuf -oL redis-cli -p "$PORT" --stat >"$WORK/stat" &
  local stat=$!
  stdbuf -oL redis-cli -p "$PORT" --latency --raw >"$WORK/latency" &
  local latency=$!
  wait_for_line "$WORK/stat" '^7 +[0-9.]+[BKMG] +[0-9]+ +0 +[0-9]+ \(\+[0-9]+\) +[0-9]+'
  wait_for_line "$WORK/latency" '^[0-9]+ [0-9]+ [0-9.]+ [0-9]+'
  kill "$stat" "$latency" 2>/dev/null || true  # --latency may have ended already
  wait "$stat" "$latency" 2>/dev/null || true
}

replication_is_refused() {
  [[ $SUBJECT == satchel ]] || return 0
  local out
  out=$(cli --rdb "$WORK/dump.rdb" 2>&1 || true)
  expect_match "--rdb says why not" 'ERR' "$out"
  out=$(cli --replica 2>&1 </dev/null || true)
  expect_match "--replica says why not" 'ERR' "$out"
  expect "the server goes on" PONG "$(cli PING)"
}

listeners() {
  redis-cli -p "$PORT" MONITOR >"$WORK/monitor" &
  local monitor=$!
  redis-cli -p "$PORT" SUBSCRIBE news >"$WORK/subscribe" &
  local subscribe=$!
  redis-cli -3 -p "$PORT" PSUBSCRIBE 'n*' >"$WORK/psubscribe" &
  local psubscribe=$!
  wait_for_line "$WORK/monitor" '^OK'
  wait_for_line "$WORK/subscribe" 'subscribe'
  wait_for_line "$WORK/psubscribe" 'psubscribe'
  expect "PUBLISH reaches both" 2 "$(cli PUBLISH news 'it rains')"
  wait_for_line "$WORK/subscribe" '^it rains'
  wait_for_line "$WORK/psubscribe" 'it rains'
  wait_for_line "$WORK/monitor" '^[0-9.]+ \[0 127.0.0.1:[0-9]+\] "PUBLISH" "news" "it rains"'
  kill "$monitor" "$subscribe" "$psubscribe"
  wait "$monitor" "$subscribe" "$psubscribe" 2>/dev/null || true
}

plain_and_resp3
scripts
long_scripts
pipe_mode
samples
watchers
replication_is_refused
listeners
finish
