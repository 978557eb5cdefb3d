#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# update.sh [CHAIN...]: replace kernels by each other in test machines, and look
# at each hop for all that could have got lost. FROM and TO in the environment
# are the two kernels (bzImage; default: what `make kernel` builds of 7.2 and of
# 7.3). A CHAIN is MODE:KERNEL,KERNEL..., see update/job; default: the matrix of
# the two, there and back, and maps with features that nobody knows. Prints a
# table, leaves build/update.json; exit status 1 if anything failed.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/poke.sh"
. "$bed/../update/edit.sh"

here=$bed/..
share=$build/update
live=$share.live
[ $# -gt 0 ] || set -- plain:from,from plain:from,to plain:to,from plain:to,to \
	plain:from,to,from plain:to,from,to \
	compat:from,to,from ro_compat:from,to,from incompat:from,to \
	compat:to,from ro_compat:to,from incompat:to,from

prepare() {
	rm -rf "$share"
	mkdir -p "$share/kernels" "$share/programs"
	for _k in from to; do
		eval _path=\$$_k
		[ -r "$_path" ] || die "no kernel at $_path"
		cp "$_path" "$share/kernels/$_k"
	done
	cp "$here/update/job" "$here/update/setup.sh" "$here/update/checks.sh" "$share"
	gcc -O2 -o "$share/poke" "$bed/poke.c"
	gcc -O2 -static -o "$share/programs/dax_tool" \
		"$here/dax_tool.c" "$here/dax_dev.c"
	mkdir -p "$build/tool"
	make -s -C "$top/tools/extmem" OUTPUT="$build/tool/"
	cp "$build/tool/extmem" "$share/programs"
}

# chain N MODE:KERNEL,...: results go to $share/results with N in front
chain() {
	_n=$1 _mode=${2%%:*} _kernels=$(echo "${2#*:}" | tr , ' ')
	say "  $_mode: $_kernels"
	rm -rf "$live"
	mkdir -p "$live"
	set -- $_kernels
	"$here/vm" --kernel "$share/kernels/$1" --numa 4G,4G \
		--append "extmem=0:1G,1:2G extmem.scrub=0" --timeout 900 \
		--log "$share/console.$_n" --share "$share" \
		--allow 'Memory failure' \
		--device "-gdb unix:$live/gdb,server=on,wait=off" \
		--device "-fsdev local,id=live,path=$live,security_model=none" \
		--device "virtio-9p-pci,fsdev=live,mount_tag=live" \
		-- sh /mnt/share/job "$_mode" "$@" >"$share/out.$_n" &
	_vm=$!
	answer_requests $_vm
	_rc=0
	wait $_vm || _rc=$?
	{
		echo "chain|$_n|$_mode|$_kernels|$_rc"
		grep -E '^(running|check)\|' "$share/out.$_n" | sed "s/|/|$_n|/"
		echo "end|$_n"
	} >>"$share/results"
	[ $_rc -eq 0 ] || say "  ended with $_rc; console: $share/console.$_n"
}

from=${FROM:-$build/kernel-7.2/arch/x86/boot/bzImage}
to=${TO:-$build/kernel/arch/x86/boot/bzImage}
prepare
say "from $from"
say "to   $to"
n=0
for c; do
	n=$((n + 1))
	chain $n "$c"
done
awk -F'|' -v json="$build/update.json" -f "$here/update/report.awk" "$share/results"
