#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# soak.sh: ROUNDS kexecs in a chain (1000) with random claims, frees and
# contents between them; nothing may get lost. SEED repeats a run.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"

rounds=${ROUNDS:-1000}
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
case $rounds$seed in *[!0-9]*) die "ROUNDS and SEED are numbers" ;; esac
[ "$rounds" -gt 0 ] || die "ROUNDS is 0: nothing would be tried"
share=$build/soak
here=$bed/../soak

mkdir -p "$share"
gcc -O2 -Wall -D_GNU_SOURCE -static -o "$share/soak" "$here/soak.c" \
	"$here/state.c" "$here/held.c" "$bed/../dax_dev.c"
cp "$here/job" "$share/job"
echo "$rounds kexecs, SEED=$seed"

start=$(date +%s)
{
	rc=0
	"$bed/../vm" --numa 3G,3G --append extmem=0:1G,1:1G --share "$share" \
		--log "$share/console" --timeout $((rounds * 120 + 300)) \
		-- sh /mnt/share/job "$rounds" "$seed" || rc=$?
	echo $rc >"$share/rc"
} >"$share/out" &
while kill -0 $! 2>/dev/null; do
	sleep 0.5
	tick "$(grep '^round' "$share/out" | tail -n 1 | cut -d';' -f1)" "$start"
done
[ -t 2 ] && printf '\r\033[K' >&2
tail -n 4 "$share/out"
[ "$(cat "$share/rc")" = 0 ] || {
	say "failed: run it again with SEED=$seed; console: $share/console"
	exit 1
}
