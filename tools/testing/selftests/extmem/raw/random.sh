#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# random.sh: OPS random operations (1,000,000) on raw claims, each against a model, on
# the debug kernel, in KEXECS + 1 kernels (21). SEED repeats a run.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"

ops=${OPS:-1000000}
kexecs=${KEXECS:-20}
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
case $ops$kexecs$seed in *[!0-9]*) die "OPS, KEXECS and SEED are numbers" ;; esac
each=$(((ops + kexecs) / (kexecs + 1)))
[ "$each" -gt 0 ] || die "OPS is 0: nothing would be tried"
share=$build/raw-random
self=$bed/..

mkdir -p "$share"
gcc -O2 -Wall -static -isystem "$("$bed/kernel-headers")" -o "$share/raw_random" \
	"$self/raw_random.c" "$self/raw.c"
cp "$self/raw/job" "$share/job"
echo "$ops operations, $kexecs kexecs, SEED=$seed"
# The next kernel's KASAN needs an eighth of its memory, and has KHO's scratch area alone
"$self/vm" --debug --numa 4G,2G --append extmem=0:1G@4G,1:1G --share "$share" \
	--append kho_scratch=64M,640M,64M \
	--log "$share/console" --timeout $((ops / 50 + kexecs * 240 + 600)) \
	-- sh /mnt/share/job "$seed" "$each" "$kexecs" || {
	say "failed: run it again with SEED=$seed; console: $share/console"
	exit 1
}
