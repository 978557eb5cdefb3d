# SPDX-License-Identifier: GPL-2.0
# Sourced in the test machine: devices, and fio on them.

PATH=/mnt/share:$PATH
state=/state/fio
sys=/sys/bus/dax/devices

die() { echo "fio: $*" >&2; exit 1; }

create() { dax_tool create 0 "$1" "$2" || die "no device of $1 bytes, align $2"; }

# create_scattered N: a device of N extents of 2 MiB with as much between them,
# the last one lowest.
create_scattered() {
	_room=$(create $(($1 * 4194304)) 2097152) || exit
	_at=$(cat "$sys/$_room/resource")
	dax_tool destroy "$_room" || exit
	echo 1 >/sys/bus/platform/devices/extmem.0/dax_region/create
	_dev=$(cat /sys/bus/platform/devices/extmem.0/dax_region/create)
	for _i in $(seq $(($1 - 1)) -1 0); do
		printf '%x-%x\n' $((_at + _i * 4194304)) \
			$((_at + _i * 4194304 + 2097151)) >"$sys/$_dev/mapping"
	done
	echo "$_dev" >/sys/bus/dax/drivers/device_dax/bind
	echo "$_dev"
}

# run OPTION...: fio's sum over all its jobs, as "ERRORS WRITTEN READ". No job has an
# offset= on a device: fio's engines mmap and dev-dax ignore it.
run() {
	fio "$@" --output-format=json --output=/tmp/json >/tmp/said 2>&1 ||
		[ -s /tmp/json ] || { cat /tmp/said; die "$*"; }
	# what fio has to say comes before the JSON
	sed -n "/^{/,\$p" /tmp/json | jq -r '.jobs |
		"\(map(if .total_err then .total_err
			 elif .error != 0 then 1 else 0 end) | add)" +
		" \(map(.write.io_bytes) | add) \(map(.read.io_bytes) | add)"' ||
		{ cat /tmp/said; die "no results: $*"; }
}
