#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Whether the tests of DMA over a kexec would notice: each thing that it needs is
# undone in turn, the test must fail, and for the reason that is known. Arguments:
# those to undo, else all.
set -u
here=$(cd "$(dirname "$0")/.." && pwd -P)
out=$(mktemp)
trap 'rm -f "$out"' EXIT
failed=0

# Of 92-iommu-gap: the kernel leaves something out, and the device, its memory or what
# is counted is not as it should be
units_sign() {
	case $1 in
	intremap) echo '-messages came' ;;
	claims) echo '-dma 3 to 4: ok' ;;
	absent) echo '-dma 7 to 8: nothing came' ;;
	*) return 1 ;;
	esac
}

units_controls() {
	for control; do
		want=$(units_sign "$control") || { echo "no such control: $control" >&2; exit 2; }
		CONTROL=$control "$here/tests/92-iommu-gap" >"$out" 2>&1
		if grep -q '^not ok' "$out" && grep -qF -e "$want" "$out"; then
			echo "without $control it fails, as it should: $want"
		else
			echo "without $control: not noticed, or not this"
			tail -n 40 "$out"
			failed=1
		fi
	done
}

case ${1:-} in
intremap | claims | absent)
	units_controls "$@"
	exit $failed ;;
"") units_controls intremap claims absent ;;
esac

# What is seen then: reads stop, with or without faults, or bytes are wrong
sign() {
	case $1 in
	master) echo 'they stopped.*faults: 0' ;;
	adoption | driver | translation) echo 'they stopped' ;;
	tables) echo ' [1-9][0-9]* wrong,.* 0 bad status' ;;
	order) echo 'faults: [1-9]' ;;
	*) echo "no such control: $1" >&2; exit 2 ;;
	esac
}

[ $# -gt 0 ] || set -- master translation adoption tables order driver
for control; do
	want=$(sign "$control") || exit
	CONTROL=$control "$here/tests/93-dma-kexec" >"$out" 2>&1
	seen=$(sed -n "/^== without $control/,/^faults/p" "$out" | tr '\n' ' ')
	if grep -q '^not ok' "$out" && echo "$seen" | grep -q "$want"; then
		echo "without $control it fails, as it should: $seen"
	else
		echo "without $control: not noticed, or not this: $seen"
		tail -n 40 "$out"
		failed=1
	fi
done
exit $failed
