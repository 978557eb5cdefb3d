#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Linux 7.3.4's kmem has a file `state` in its dax devices (unplugged, offline, online,
# online_kernel, online_movable), which daxctl 81 (both Debian's) does not know. Memory
# that was unplugged by it is still "system-ram" to daxctl, with no blocks, and to put it
# online says that all of none is. The file shows `offline`, and never takes it. Seen, of
# a device that kmem has put online:
#	offline: write error: Invalid argument
#	unplugged: unplugged
#	daxctl list: system-ram, 0 of 0 blocks
#	online-memory: dax0.0: all memory sections (0) already online
#	online-memory: onlined memory for 0 devices
#	online: online
#	daxctl list: system-ram, 16 of 16 blocks
. "$(dirname "$0")/lib.sh"

packages "trixie trixie-backports" $machine_packages daxctl=81-1
machine "memmap=2G%6G+0xefffffff" -machine q35 -cpu max -m 8G >"$tmp/out" <<'EOT'
modprobe dax_hmem
modprobe kmem
sleep 2
state=/sys/bus/dax/devices/dax0.0/state
set_state() {
	{ echo $1 >$state; } 2>&1 | sed "s/.*write error/$1: write error/"
}
list() {
	daxctl list -D | tr -d ' ",' | sed 's/:/ /' | awk '{ v[$1] = $2 } END {
		print "daxctl list: " v["mode"] ", " v["online_memblocks"] " of " \
			v["total_memblocks"] " blocks" }'
}
set_state offline
set_state unplugged
echo "unplugged: $(cat $state)"
list
daxctl online-memory dax0.0 2>&1 | sed 's/^/online-memory: /'
set_state online
echo "online: $(cat $state)"
list
EOT
said "the state of memory, to kmem and to daxctl" "$(seen)" "$(cat "$tmp/out")"
