#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# blackout.sh: how long passed-through devices are without a host while its kernel is
# replaced, by phase, with 1 to 100,000 mappings and 1 to 8 devices, and what it would
# take to map them anew. Guest time counts instructions. Exit status 1 if a goal of
# ours is missed.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
bench=$bed/../bench
share=$build/bench

mkdir -p "$share"
compile stamp "$run/stamp.c"
headers=$("$bed/kernel-headers")
compile blackout-cost -isystem "$headers" "$bench/blackout-cost.c" "$run/../luo.c" \
	"$run/../vfio_dev.c"
cp "$bench/blackout-job" "$share/"
set --
for i in 1 2 3 4 5 6 7 8; do
	set -- "$@" --device pcie-root-port,id=port$i,chassis=$i \
		--device nvme,serial=$i,bus=port$i
done
# Nobody else is to have the devices: a kexec would wait for their driver
"$bed/../vm" --mem 5G --icount --share "$share" --timeout 3600 "$@" \
	--append "extmem=0:1G vfio-pci.ids=1b36:0010 initcall_blacklist=nvme_init" \
	--log "$share/blackout.log" -- sh /mnt/share/blackout-job
awk -f "$bench/blackout.awk" "$share/blackout.log"
