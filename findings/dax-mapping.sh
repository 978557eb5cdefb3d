#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A device of device DAX gets memory at a place of one's choice by a range that is written
# to its file `mapping` (what `daxctl create-device --input` does to make a layout anew).
# Linux 7.3.4 (Debian's) takes a range that is not aligned, or that ends before it begins,
# with success, and adds nothing: who does not read the size back has an empty device.
# Seen, of a free gigabyte at 6 GiB:
#	180000000-1801fffff: ok, size 2097152
#	180200800-1803fffff: ok, size 2097152
#	1803fffff-180200000: ok, size 2097152
#	180200000-1803fffff: ok, size 4194304
#	180200000-1803fffff: Cannot allocate memory, size 4194304
. "$(dirname "$0")/lib.sh"

packages "trixie trixie-backports" $machine_packages daxctl=81-1
hmem_machine 1 >"$tmp/out" <<'EOT'
cd /sys/bus/dax/devices/dax0.0
add() {
	rc=$({ echo $1 >mapping; } 2>&1 | sed 's/.*: //')
	echo "$1: ${rc:-ok}, size $(cat size)"
}
add 180000000-1801fffff
add 180200800-1803fffff
add 1803fffff-180200000
add 180200000-1803fffff
add 180200000-1803fffff
EOT
said "ranges written to mapping" "$(seen)" "$(cat "$tmp/out")"
