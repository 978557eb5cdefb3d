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
	*) other_test "$1" >/dev/null || { echo "no such control: $1" >&2; exit 2; } ;;
	esac
}

# Controls of PCI and VFIO are other tests': which, and the line that has to fail there
other_test() {
	case $1 in
	shutdown) echo '96-dma-unbind|who toggles vectors .* is refused|in limbo its vectors|the other one does not' ;;
	reset) echo '96-dma-unbind|and does not reset it|it goes on reading' ;;
	limbo) echo "96-dma-unbind|if it can't be reset it is stopped" ;;
	writes) echo '97-dma-bits|not one bit of the drive|writes nothing to the drive' ;;
	ignored-order) echo '94-dma-order|without those the kexec is refused' ;;
	*) return 1 ;;
	esac
}

# run_other CONTROL: fails unless the test does, in such a line
run_other() {
	_what=$(other_test "$1")
	CONTROL=${1#ignored-} "$here/tests/${_what%%|*}" >"$out" 2>&1
	if grep -qE "^not ok [0-9]+ - .*(${_what#*|})" "$out"; then
		echo "without $1 it fails, as it should:" \
			"$(grep '^not ok' "$out" | tr '\n' ' ')"
	else
		echo "without $1: not noticed, or not this"
		tail -n 40 "$out"
		failed=1
	fi
}

[ $# -gt 0 ] || set -- master translation adoption tables order driver \
	shutdown reset limbo writes ignored-order
for control; do
	want=$(sign "$control") || exit
	if other_test "$control" >/dev/null; then
		run_other "$control"
		continue
	fi
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
