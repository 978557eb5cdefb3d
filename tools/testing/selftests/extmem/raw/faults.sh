#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# faults.sh [STRIDE [OPERATION...]]: each allocation of each operation fails in its
# turn, on the debug kernel; with a STRIDE one of so many. TAP, as faults.c has it.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"

share=$build/faults
self=$bed/..

mkdir -p "$share"
gcc -O2 -Wall -static -isystem "$("$bed/kernel-headers")" -o "$share/faults" \
	"$self/faults.c" "$self/raw.c" "$self/dax_dev.c" "$self/luo.c" "$self/vfio_dev.c"
exec "$self/vm" --debug --numa 6G,3G --append extmem=0:2G@4G,1:1G --share "$share" \
	--device nvme,serial=1 \
	--log "$share/console" --timeout 3600 -- /mnt/share/faults "$@"
