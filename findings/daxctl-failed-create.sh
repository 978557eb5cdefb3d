#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# daxctl 81 on Linux 7.3.4 (both Debian's): a create that fails leaves its device behind,
# empty, as the region's seed, with the alignment that was asked for. The next create
# gets that device and, unless it names an alignment itself, the alignment: a size that
# fits well is refused, with ENXIO, each time, until someone names one or the empty
# device is deleted. Seen, with 1 GiB of 2 GiB free:
#	create -s 1G: created 1 device
#	create -s 2M -a 1G: error creating devices: No such device or address
#	create -s 512M: error creating devices: No such device or address
#	create -s 512M: error creating devices: No such device or address
#	left: size 0 align 1073741824
#	create -s 512M -a 2M: created 1 device
. "$(dirname "$0")/lib.sh"

packages "trixie trixie-backports" $machine_packages daxctl=81-1
hmem_machine 2 >"$tmp/out" <<'EOT'
create() { echo "create $*:" $(daxctl create-device -r 0 "$@" 2>&1 | sed -n 's/^error/&/p; s/^created 1/&/p'); }
create -s 1G
create -s 2M -a 1G
create -s 512M
create -s 512M
for dev in /sys/bus/dax/devices/*; do
	[ $(cat $dev/align) = 2097152 ] || echo "left: size $(cat $dev/size) align $(cat $dev/align)"
done
create -s 512M -a 2M
EOT
said "creates after one that failed" "$(seen)" "$(cat "$tmp/out")"
