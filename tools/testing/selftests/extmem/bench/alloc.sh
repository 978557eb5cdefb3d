#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# alloc.sh [FILTER]: what claims cost in pools of 64 GiB to 64 TiB, beside CMA in
# the same machine, and beside the kernel of the commit OLD, which is built from its own
# tree (OLD=none: without); with FILTER frag, how much a pool fragments, beside first
# fit. The benchmarks are KUnit suites in a kernel of their own. Guest time
# counts instructions. Exit status 1 if a goal of ours is missed.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
bench=$bed/../bench
. "$bench/old.sh"
what=${1:-alloc}
out=$build/bench
case $what in
alloc) suites='extmem_bench_[ac]*' ;;
frag) suites='extmem_bench_frag' ;;
*) die "no such benchmark: $what" ;;
esac

measure() { # BUILD: what the kernel in there says
	"$bed/../vm" --kernel "$1/kernel-bench/arch/x86/boot/bzImage" --mem 20G \
		--icount --timeout 1200 --append "hugetlb_cma=16G" \
		--append "kunit.enable=1 kunit.autorun=1" \
		--append "kunit.filter_glob=$suites" -- sh -c \
		'dmesg | sed -n "s/.*extmem-bench: //p"
		! grep -h "not ok" /sys/kernel/debug/kunit/extmem_bench*/results' \
		>"$out/got" || { cat "$out/got" >&2; die "the benchmark failed"; }
}

mkdir -p "$out"
export BENCH=1
"$bed/build-kernel"
measure "$build"
cp "$out/got" "$out/$what"
if [ "$what" = alloc ] && [ "$commit" != none ]; then
	build_old
	measure "$old/build"
	sed -n 's/^extmem-/old-/p' "$out/got" >>"$out/$what"
fi
awk -f "$bench/$what.awk" "$out/$what"
