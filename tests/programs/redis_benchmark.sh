#!/usr/bin/env bash
# redis-benchmark: its default tests, pipelined and not, and random keys.
# shellcheck source=/dev/null
source "$(dirname "$0")/common.sh"
need_program redis-benchmark redis-tools

bench() { timeout 100 redis-benchmark -h 127.0.0.1 -p "$PORT" "$@" 2>&1; }

out=$(bench -n 500 -c 20 -q)
for test in PING_INLINE PING_MBULK SET GET INCR LPUSH RPUSH LPOP RPOP SADD HSET SPOP ZADD ZPOPMIN \
  LRANGE_100 LRANGE_600 'MSET \(10 keys\)'; do
  expect_match "the default run has $test" "$test.*: [0-9.]+ requests per second" "$out"
done
expect_none "no errors in the default run" '(ERR|Error|error)' "$out"

out=$(bench -n 5000 -c 10 -P 16 -r 100 -q -t set,get,incr,sadd,zadd,xadd)
expect_none "no errors with pipelines" '(ERR|Error|error)' "$out"
out=$(bench -n 500 -c 10 -r 50 --csv -3 EVAL 'return redis.call("INCR", KEYS[1])' 1 counter:__rand_int__)
expect_none "no errors with a command of its own" '(ERR|Error|error)' "$out"
expect_match "csv" '^"EVAL' "$out"
out=$(bench -n 2000 -c 8 --threads 2 -q -t set)
expect_none "no errors with threads" '(ERR|Error|error)' "$out"
expect "the server goes on" PONG "$(cli PING)"
finish
