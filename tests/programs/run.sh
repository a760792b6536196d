#!/usr/bin/env bash
# Runs one program here against a server of its own on a free loopback port, and ends that server
# by its process id.
#
#   tests/programs/run.sh SERVER FILE      SERVER: a satchel, or a redis-server to try the test itself
#
# FILE finds PORT (the server's), SERVER, SUBJECT (satchel or redis), WORK (an empty directory) and
# CACHE (one that stays) in its environment. It exits 77 after a line "SKIPPED: ..." when what it
# needs is not on this machine.
set -euo pipefail
SERVER=$(realpath -s "$(command -v "$1")")
file=$(realpath "$2")
cd "$(dirname "$file")"

# Satchel refuses variables that it does not know.
for name in "${!SATCHEL_@}"; do unset "$name"; done

SUBJECT=satchel
[[ $(basename "$SERVER") == redis-server ]] && SUBJECT=redis
WORK=$(mktemp -d "${TMPDIR:-/tmp}/satchel-programs-XXXXXX")
CACHE=${CACHE:-$WORK/cache}
mkdir -p "$CACHE"
server_pid=

# shellcheck disable=SC2317  # called by the trap
finish() {
  if [[ -n $server_pid ]]; then
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
  rm -rf "$WORK"
}
trap finish EXIT

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_server() {
  if [[ $SUBJECT == redis ]]; then
    PORT=$(free_port)
    "$SERVER" --port "$PORT" --bind 127.0.0.1 --save '' --enable-debug-command yes --dir "$WORK" \
      >"$WORK/server.log" 2>&1 &
    server_pid=$!
    until redis-cli -p "$PORT" PING >/dev/null 2>&1; do kill -0 "$server_pid"; done
    return
  fi
  "$SERVER" serve --port auto --http-enabled false --in-memory --ready-file "$WORK/ready" >"$WORK/server.log" 2>&1 &
  server_pid=$!
  for ((i = 0; i < 600; i++)); do
    PORT=$(sed -n 's/^port=//p' "$WORK/ready" 2>/dev/null || true)
    [[ -n $PORT ]] && return
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.05
  done
  echo "the server did not start:" >&2
  cat "$WORK/server.log" >&2
  exit 1
}

compile() {
  if ! pkg-config --exists hiredis || ! command -v cc >/dev/null; then
    echo "SKIPPED: $(basename "$file") needs the Debian package libhiredis-dev and a C compiler"
    exit 77
  fi
  # shellcheck disable=SC2046  # flags are words
  cc -Wall -Wextra -Werror -o "$WORK/program" "$file" $(pkg-config --cflags --libs hiredis)
}

command_for() {
  case $file in
    *.sh) command=(bash "$file") ;;
    *.py) command=(/usr/bin/python3 "$file") ;;
    *.js) command=(node "$file") ;;
    *.rb) command=(ruby "$file") ;;
    *.php) command=(php "$file") ;;
    *.pl) command=(/usr/bin/perl "$file") ;;
    *.c)
      compile
      command=("$WORK/program")
      ;;
  esac
  command -v "${command[0]}" >/dev/null && return
  echo "SKIPPED: $(basename "$file") needs ${command[0]}, which is not installed"
  exit 77
}

command_for
start_server
export PORT SERVER SUBJECT WORK CACHE PYTHONDONTWRITEBYTECODE=1
status=0
"${command[@]}" || status=$?
if ! kill -0 "$server_pid" 2>/dev/null; then
  echo "the server died:" >&2
  status=1
fi
if [[ $status -ne 0 && $status -ne 77 ]]; then
  echo "--- the end of the server's log" >&2
  tail -n 20 "$WORK/server.log" >&2
fi
exit "$status"
