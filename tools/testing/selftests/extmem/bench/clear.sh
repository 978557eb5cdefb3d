#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# clear.sh: what clearing costs whom, and how long it takes to read what is dirty,
# beside the kernel of the commit OLD. That is built from its own tree in
# build/bench, unless OLD_KERNEL=bzImage says where there is one. What reading takes is
# counted in instructions; of CPUs it is counted who did what. Two nodes at once and one
# alone are timed, on a machine with two CPUs that nobody else uses.
# Exit status 1 if a goal of ours is missed.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
bench=$bed/../bench
share=$build/bench
out=$share/clear
. "$bench/old.sh"
old_kernel=${OLD_KERNEL:-$old/build/kernel/arch/x86/boot/bzImage}

machine() { # WHICH FACT OPTION... -- COMMAND...
	_which=$1 _fact=$2
	shift 2
	_kernel=$build/kernel/arch/x86/boot/bzImage
	[ "$_which" = new ] || _kernel=$old_kernel
	"$bed/../vm" --kernel "$_kernel" --share "$share" \
		--timeout 1200 "$@" >"$share/got"
	sed "s/^/$_which $_fact /" "$share/got" >>"$out"
}

mkdir -p "$share"
[ "${OLD_KERNEL:-}" ] || build_old
compile read-time "$bench/read-time.c"
cp "$bench/clear-job" "$share/"
: >"$out"
for which in old new; do
	for file in dirty_bytes largest_free_bytes; do
		machine $which $file --icount --numa 4G,16T \
			--append "extmem=1:16T extmem.clean=0 extmem.scrub=0" -- \
			/mnt/share/read-time /sys/kernel/mm/extmem/node1/$file
	done
	machine $which calls --cpus 8 --numa 4G --append extmem=0:1G -- \
		sh -c '. /mnt/share/clear-job; scrub_gigabytes 10'
done
for which in old new; do
	machine $which nodes --cpus 2 --numa 3G,3G \
		--append "extmem=0:1G,1:1G extmem.clean=0 extmem.scrub=0" -- \
		sh -c '. /mnt/share/clear-job; two_nodes'
done
# Two at once; eight, as a host may have two, in turns by the instructions they had
clearing() { # CPUS OPTION...
	_cpus=$1
	shift
	machine new clear$_cpus --cpus $_cpus --numa 4G "$@" \
		--append "extmem=0:1G extmem.clean=0 extmem.scrub=0" -- \
		sh -c '. /mnt/share/clear-job; clear_gigabyte'
}
clearing 2
clearing 8 --device "-icount shift=0,sleep=off"
awk -f "$bench/clear.awk" "$out"
