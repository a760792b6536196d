#!/usr/bin/env bash
# prometheus-redis-exporter: a scrape of a server with data, clients, slow commands and a stream.
# shellcheck source=/dev/null
source "$(dirname "$0")/common.sh"
need_program prometheus-redis-exporter prometheus-redis-exporter
need_program redis-cli redis-tools

cli CONFIG SET slowlog-log-slower-than 0 >/dev/null
cli SET k v EX 1000 >/dev/null
cli RPUSH list a b c >/dev/null
cli XADD stream '*' f v >/dev/null
cli XGROUP CREATE stream group 0 >/dev/null
cli XREADGROUP GROUP group me STREAMS stream '>' >/dev/null
cli GET nothing >/dev/null
cli EVAL 'return 1' 0 >/dev/null
cli INCR list >/dev/null 2>&1 || true

exporter_port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
prometheus-redis-exporter -redis.addr "redis://127.0.0.1:$PORT" \
  -web.listen-address "127.0.0.1:$exporter_port" -check-keys 'db0=*' -check-single-streams 'db0=stream' \
  -include-system-metrics -debug >"$WORK/exporter.log" 2>&1 &
exporter=$!
trap 'kill "$exporter" 2>/dev/null || true' EXIT

scrape() {
  /usr/bin/python3 - "http://127.0.0.1:$exporter_port/metrics" <<'PYTHON'
import sys, time, urllib.request
for attempt in range(500):
    try:
        sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
        break
    except OSError:
        time.sleep(0.02)
PYTHON
}

scrape >/dev/null
metrics=$(scrape)
for metric in \
  'redis_up 1' 'redis_exporter_last_scrape_error\{err=""\} 0' 'redis_connected_clients [1-9]' \
  'redis_blocked_clients 0' 'redis_memory_used_bytes [1-9]' 'redis_memory_max_bytes 0' \
  'redis_uptime_in_seconds' 'redis_commands_processed_total [1-9]' 'redis_connections_received_total [1-9]' \
  'redis_keyspace_hits_total' 'redis_keyspace_misses_total [1-9]' 'redis_evicted_keys_total 0' \
  'redis_expired_keys_total 0' 'redis_db_keys\{db="db0"\} 3' 'redis_db_keys_expiring\{db="db0"\} 1' \
  'redis_commands_total\{cmd="set"\} [1-9]' 'redis_commands_duration_seconds_total\{cmd="set"\}' \
  'redis_commands_failed_calls_total\{cmd="incr"\} 1' \
  'redis_slowlog_length [1-9]' 'redis_slowlog_last_id' 'redis_instance_info\{.*redis_version="7' \
  'redis_rdb_changes_since_last_save' 'redis_config_maxclients 10000|redis_config_maxclients [1-9]' \
  'redis_mem_fragmentation_ratio' 'redis_cpu_sys_seconds_total' 'redis_net_input_bytes_total [1-9]' \
  'redis_key_size\{db="db0",key="list"\} 3' 'redis_stream_length\{db="db0",stream="stream"\} 1' \
  'redis_stream_group_consumers\{db="db0",group="group",stream="stream"\} 1'; do
  expect_match "metric" "^($metric)" "$metrics"
done
expect_none "errors in its log" 'level=(error|fatal|warning)' "$(cat "$WORK/exporter.log")"
# It tries PFCOUNT on strings.
expect_none "complaints in its log" "[Ee]rr: |couldn't|could not|cannot" \
  "$(grep -v 'not a valid HyperLogLog' "$WORK/exporter.log")"
finish
