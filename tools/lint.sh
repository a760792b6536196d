#!/usr/bin/env bash
# What a compiler does not check: formatting, headers that stand alone, who includes whom.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
failures=0
fail() {
  echo "lint: $*" >&2
  failures=$((failures + 1))
}

clang_format() {
  command -v clang-format-14 || command -v clang-format
}

# The folders that a folder may include, itself apart. tests, bench, examples and fuzz see all.
allowed_includes() {
  case $1 in
    base) echo "" ;;
    net | resp | engine) echo "base" ;;
    lua | snapshot) echo "engine base" ;;
    store) echo "engine lua snapshot resp net base" ;;
    repos) echo "store base" ;;
    server) echo "store snapshot lua engine resp net base" ;;
    cli | testkit | capi) echo "server repos store snapshot lua engine resp net base" ;;
    *) return 1 ;;
  esac
}

check_format() {
  git ls-files -z '*.h' '*.cc' |
    xargs -0 -r -P "$jobs" -n 20 "$(clang_format)" --style=file --dry-run -Werror ||
    fail "formatting differs; make format puts it right"
}

check_headers() {
  git ls-files '*.h' |
    xargs -r -P "$jobs" -I{} "${CXX:-g++}" -std=c++20 -fsyntax-only -Wall -Wextra \
      -Wno-missing-field-initializers -I. -I/usr/include/lua5.4 -include {} -x c++ /dev/null ||
    fail "a header does not compile alone"
}

check_arrows() {
  local file folder allowed target
  while IFS=: read -r file target; do
    folder=${file%%/*}
    allowed=$(allowed_includes "$folder") || continue
    target=${target#*\"}
    target=${target%%/*}
    [[ $target == "$folder" || " $allowed " == *" $target "* ]] ||
      fail "$file includes $target/, which is not below $folder/"
  done < <(git grep -E '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' -- '*.h' '*.cc')
}

check_leftovers() {
  if git grep -nE '\b(TODO|FIXME|XXX)\b' -- '*.h' '*.cc' '*.cmake' '*CMakeLists.txt' '*.lua' '*.md'; then
    fail "a leftover is an issue, not a comment"
  fi
}

check_shell() {
  git ls-files -z '*.sh' .ci/run | xargs -0 -r shellcheck || fail "shellcheck found something"
}

check_format
check_headers
check_arrows
check_leftovers
check_shell
if [[ $failures -gt 0 ]]; then
  echo "lint: $failures checks failed" >&2
  exit 1
fi
echo "lint: all clean"
