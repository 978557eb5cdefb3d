#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# boot.sh: what a big pool costs at boot and at kexec, beside the limit (a
# machine that never looks at that memory) and beside what people use today.
# Time is the guest's, which counts instructions (1 ns each): it says what the
# kernel does, not how fast this computer is. Exit status 1 if a goal of ours
# is missed.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
bench=$bed/../bench
share=$build/bench
out=$share/results
runs=${RUNS:-3}
began=$(date +%s)

note() { say "$(printf '  %-52s %6s' "$1" "$(clock $(($(date +%s) - began)))")"; }

machine() { # VM-ARG... -- COMMAND...
	"$bed/../vm" --numa 4G,508G --icount --share "$share" --timeout 900 \
		--stats "$share/stats" "$@"
}

# boot NAME APPEND: as many times as asked; facts as "NAME fact value".
boot() {
	n=0
	while [ $n -lt "$runs" ]; do
		n=$((n + 1))
		note "boot $1, $n of $runs"
		machine --append "$2" -- /mnt/share/boot-facts >"$share/facts"
		cat "$share/stats" "$share/facts" | sed "s/^/$1 /" >>"$out"
	done
}

kexecs() { # LOAD..., two kexecs with each
	note "kexecs with the pool $*"
	machine --append extmem=1:508G --log "$share/kexec.$1.log" \
		-- /mnt/share/kexec-job $(printf '%s\n' "$@" | sed p) \
		>"$share/kexec.out"
	awk -f "$bench/kexec.awk" "$share/kexec.$1.log" >>"$out"
}

build_programs
compile make-claims "$bench/make-claims.c" "$run/../dax_dev.c"
cp "$bench/boot-facts" "$bench/kexec-job" "$share"
: >"$out"
boot limit mem=6G
boot extmem extmem=1:508G
boot hugetlb 'hugepagesz=1G hugepages=0:0,1:504 hugetlb_free_vmemmap=on'
boot stock ''
kexecs empty full
kexecs claims
note "done"
awk -f "$bench/table.awk" "$out"
