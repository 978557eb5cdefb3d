#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# damage.sh: ROUNDS (10,000) hand-over maps are damaged at random and taken over, by
# the KUnit test of that on the debug kernel. SEED repeats a run.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"

rounds=${ROUNDS:-10000}
seed=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
case $rounds$seed in *[!0-9]*) die "ROUNDS and SEED are numbers" ;; esac
[ "$rounds" -gt 0 ] || die "ROUNDS is 0: nothing would be tried"
out=$build/damage

mkdir -p "$out"
echo "$rounds damaged maps, SEED=$seed"
# KUnit ends a test after this time and twelve times as much for a slow one
rc=0
"$bed/../vm" --debug --mem 2G --timeout $((rounds / 2 + 600)) --log "$out/console" \
	--append "kunit.enable=1 kunit.autorun=1 kunit.filter_glob=extmem_damage_random" \
	--append "extmem_damage.rounds=$rounds extmem_damage.seed=$seed" \
	--append "kunit.timeout=$((rounds / 10 + 300))" \
	-- cat /sys/kernel/debug/kunit/extmem_damage_random/results >"$out/results" || rc=$?
[ $rc -eq 0 ] && grep -q '^ok 1 extmem_damage_random' "$out/results" || {
	cat "$out/results"
	say "failed: run it again with SEED=$seed; console: $out/console"
	exit 1
}
sed -n 's/^.*# damage_random: //p' "$out/results"
