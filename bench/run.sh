#!/usr/bin/env bash
# Compares build/release/satchel with redis-server and writes docs/bench.md.
#
#   bench/run.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."

for program in redis-server redis-benchmark; do
  if ! command -v "$program" > /dev/null; then
    echo "bench: $program is needed; run tools/setup.sh test" >&2
    exit 1
  fi
done
cmake --preset release -DSATCHEL_BENCH=ON > /dev/null
ninja -C build/release -j "${JOBS:-$(nproc)}" > /dev/null

report=$(mktemp)
trap 'rm -f "$report"' EXIT
{
  echo "# Benchmarks"
  echo
  echo "Written by \`make bench\`. Ratios above 1: Satchel needs less. CPU is that of the server,"
  echo "in seconds per million commands; both servers take turns on one core, the load generator"
  echo "(redis-benchmark, 50 connections, 100,000 random keys) has another. No persistence."
  echo
  echo "* commit: $(git rev-parse --short HEAD 2> /dev/null || echo unknown)"
  echo "* machine: $(nproc) cores, $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)"
  echo "* peer: $(redis-server --version | cut -d' ' -f1-3)"
  echo "* command: \`bench/run.sh ${1:-3}\`"
  echo
  build/release/bench/compare build/release/satchel "${1:-3}" | tee -a /dev/stderr
  echo
  echo "## Repositories"
  echo
  echo "One caller; redis-server over loopback, on a core of its own. Round trips per operation are"
  echo "those to a server; in process there are none."
  echo
  build/release/bench/repositories "${1:-3}" | tee -a /dev/stderr
} > "$report"
cp "$report" docs/bench.md
echo "wrote docs/bench.md"
