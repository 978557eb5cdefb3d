#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# map.sh: what 1 GiB of memory costs to populate, and to map and unmap for a
# passed-through device, by VFIO's type 1 and by iommufd, beside the peers on
# the same kernel in the same run. Guest time counts instructions. Exit status 1
# if a goal of ours is missed.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
bench=$bed/../bench
share=$build/bench
out=$share/map

mkdir -p "$share"
headers=$("$bed/kernel-headers")
compile map-cost -isystem "$headers" "$bench/map-cost.c" "$run/../vfio_edu.c"
cp "$bench/map-job" "$share/map-job"
"$bed/../vm" --mem 14G --icount --share "$share" --timeout 1800 \
	--device edu,dma_mask=0xffffffffffff \
	--append "extmem=0:2G memmap=3G!10G" \
	--append "hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=512" \
	-- sh /mnt/share/map-job >"$out"
awk -f "$bench/map.awk" "$out"
