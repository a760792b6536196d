#!/usr/bin/env bash
# Packs the committed sources: dist/satchel-VERSION.tar.gz.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^project(satchel VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
mkdir -p dist
git archive --format=tar.gz --prefix="satchel-$version/" -o "dist/satchel-$version.tar.gz" HEAD
echo "dist/satchel-$version.tar.gz"
