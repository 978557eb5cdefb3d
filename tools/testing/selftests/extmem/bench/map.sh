#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# map.sh: what 1 GiB of memory costs to populate, and to map and unmap for a
# passed-through device, by VFIO's type 1 and by iommufd; and what it costs to hand
# it to the next kernel in a live update session. Beside the peers on the same
# kernel in the same run. Guest time counts instructions. Exit status 1 if a goal
# of ours is missed.
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
compile luo-cost -isystem "$headers" "$bench/luo-cost.c" "$run/../luo.c"
cp "$bench/map-job" "$bench/luo-job" "$bench/boot-facts" "$share/"
"$bed/../vm" --mem 14G --icount --share "$share" --timeout 1800 \
	--device edu,dma_mask=0xffffffffffff \
	--append "extmem=0:2G memmap=3G!10G" \
	--append "hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=512" \
	-- sh /mnt/share/map-job >"$out"
"$bed/../vm" --mem 14G --icount --share "$share" --timeout 1800 \
	--append "extmem=0:6G" -- sh /mnt/share/luo-job >"$share/luo"
rc=0
awk -f "$bench/map.awk" "$out" || rc=1
echo
awk -f "$bench/luo.awk" "$share/luo" || rc=1
exit $rc
