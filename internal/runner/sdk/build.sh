#!/bin/sh
# Makes wx-server-sdk.tar.gz beside this file: the node_modules of package-lock.json, the same bytes for the same lock.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$work/"
(cd "$work" && npm ci --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error)
rm -f "$work/node_modules/.package-lock.json"
find "$work/node_modules" -name .bin -type d -prune -exec rm -rf {} +
tar -C "$work" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
	-cf - node_modules | gzip -9n >"$work/sdk.tar.gz"
mv "$work/sdk.tar.gz" "$here/wx-server-sdk.tar.gz"
