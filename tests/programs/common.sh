# What the shell programs share; sourced by them. run.sh gave PORT, SUBJECT and WORK.
# shellcheck shell=bash
set -euo pipefail

failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

skip() {
  echo "SKIPPED: $*"
  exit 77
}

need_program() {  # program, Debian package
  command -v "$1" >/dev/null || skip "$(basename "$0") needs $1 (Debian package $2)"
}

# expect WHAT EXPECTED ACTUAL
expect() {
  [[ $2 == "$3" ]] && return
  fail "$1"
  diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") >&2 || true
}

# expect_match WHAT EXTENDED-REGEX ACTUAL
expect_match() {
  grep -qE -- "$2" <<<"$3" && return
  fail "$1: no line matches $2 in:"
  head -c 2000 <<<"$3" >&2
}

# expect_none WHAT EXTENDED-REGEX ACTUAL
expect_none() {
  grep -qE -- "$2" <<<"$3" || return 0
  fail "$1: there are lines that match $2:"
  grep -E -- "$2" <<<"$3" | head -n 5 >&2
}

# Waits until a file has a line that matches.
wait_for_line() {  # file, extended regex
  for ((i = 0; i < 500; i++)); do
    grep -qE -- "$2" "$1" 2>/dev/null && return
    sleep 0.02
  done
  fail "no line of $(basename "$1") matches $2:"
  head -c 2000 "$1" >&2 || true
}

cli() { timeout 60 redis-cli -h 127.0.0.1 -p "$PORT" "$@"; }

finish() {
  [[ $failures -eq 0 ]] && echo "passed" && exit 0
  exit 1
}
