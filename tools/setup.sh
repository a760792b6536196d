#!/usr/bin/env bash
# Installs the Debian packages of the given groups (tools/packages.txt) that are missing.
# Says nothing and changes nothing when all are there.
#
#   tools/setup.sh build test
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=()
for group in "$@"; do
  mapfile -t -O "${#wanted[@]}" wanted < <(awk -v group="$group" '$1 == group { print $2 }' tools/packages.txt)
done

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [[ ! -t 0 ]]; }; then
    echo "These Debian packages are missing, and this user can not install them:" >&2
    echo "  ${missing[*]}" >&2
    echo "As root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

# Some packages are wanted as programs only: their services must neither start now nor at boot.
services=()
for package in redis-server prometheus-redis-exporter; do
  [[ " ${missing[*]} " == *" $package "* ]] && services+=("$package")
done
policy=/usr/sbin/policy-rc.d
placed_policy=no

forbid_services() {
  [[ -e $policy ]] && return
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  placed_policy=yes
}

allow_services() {
  [[ $placed_policy == yes ]] && "${as_root[@]}" rm -f "$policy"
  placed_policy=no
}

disable_service() {
  "${as_root[@]}" update-rc.d "$1" disable >/dev/null 2>&1 || true
  if command -v systemctl >/dev/null; then
    "${as_root[@]}" systemctl disable "$1.service" >/dev/null 2>&1 || true
  fi
  "${as_root[@]}" rm -f "/etc/systemd/system/multi-user.target.wants/$1.service"
  [[ $1 != redis-server ]] || "${as_root[@]}" rm -f /etc/systemd/system/redis.service
}

echo "Installing Debian packages: ${missing[*]}"
if [[ ${#services[@]} -gt 0 ]]; then
  trap allow_services EXIT
  forbid_services
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
  "${missing[@]}"
for service in "${services[@]}"; do
  disable_service "$service"
done
