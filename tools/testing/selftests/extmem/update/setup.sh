# SPDX-License-Identifier: GPL-2.0
# Sourced in the machine: everything an update could lose, made once.
mib=$((1 << 20))

# known REGION SIZE ALIGN: a device whose bytes will be looked at. In the order
# of /state/seeds: the last one is the first to be given up.
known() {
	_d=$(dax_tool create "$@") || exit
	echo "$_d $(($(wc -l </state/seeds) + 11))" >>/state/seeds
	set -- $(tail -n 1 /state/seeds)
	dax_tool fill "$@" || exit
}

# former REGION SIZE: memory that was somebody's and is free now
former() {
	_d=$(dax_tool create "$1" "$2" 4096) && dax_tool fill "$_d" 7 &&
		dax_tool destroy "$_d" || exit
}

# Two devices grow in turns, so that neither stays in one piece
scattered() {
	known 0 $((2 * mib)) 4096
	_a=$_d
	known 0 $((2 * mib)) 4096
	_b=$_d
	for _n in 2 3 4 5 6; do
		dax_tool resize "$_a" $((2 * _n * mib)) &&
			dax_tool resize "$_b" $((2 * _n * mib)) || exit
	done
	grep "^$_a \|^$_b " /state/seeds | while read -r _d _seed; do
		dax_tool fill "$_d" "$_seed"
	done
	set -- "$sys/$_a"/mapping[0-9]*
	[ $# -gt 4 ] || { echo "$_a: only $# extents" >&2; exit 1; }
}

# What newer kernels have: used if it is there
extras() {
	for _d in $(devices); do
		cd "$sys/$_d/extmem" || exit
		[ ! -w name ] || echo "update-of-$_d" >name || exit
		[ ! -w uid ] || { echo 1234 >uid && echo 77 >gid && echo 0640 >mode; } ||
			exit
		cd /
	done
	[ -e "$pools/node0/poison" ] && [ -e $hwpoison ] || return 0
	_d=$(dax_tool create 0 $((4 * mib)) 4096) || exit
	echo $(($(cat "$sys/$_d/mapping0/start") / 4096 + 3)) >$hwpoison || exit
}

# edit WHAT: the map is changed from outside, where no bug of ours can help. Fails
# if this kernel does not tell where to look (CONFIG_KALLSYMS_ALL).
edit() {
	{
		grep -E ' (_text|page_offset_base|extmem_map)$' /proc/kallsyms
		sed -n 's/^ *\([0-9a-f]*\)-.* : Kernel code$/\1 - code/p' /proc/iomem
	} >/live/where
	[ "$(wc -l </live/where)" = 4 ] || return
	echo "$1" >/live/request.new
	mv /live/request.new /live/request
	while [ -e /live/request ]; do sleep 0.1; done
}

setup() {
	: >/state/seeds
	# the first claim has the first record: the one that gets lost
	dax_tool create 0 $((32 * mib)) 4096 >/state/lost || exit
	known 1 $((1 << 30)) $((1 << 30))
	known 0 $((64 * mib)) $((2 * mib))
	scattered
	known 1 $((8 * mib)) 4096
	_free=$(cat /sys/bus/platform/devices/extmem.0/dax_region/available_size)
	former 0 $((64 * mib))
	former 1 $((16 * mib))
	dax_tool create 0 $((_free - 128 * mib)) $((2 * mib)) >/state/rest || exit
	extras
	edit lose || : >/state/no-quarantine
}
