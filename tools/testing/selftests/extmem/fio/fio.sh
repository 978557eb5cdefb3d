#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fio.sh [--check | --speed]: fio writes devices of every alignment and one of
# many extents, and finds all of it before, across and after kexecs; then, how
# fast that memory is beside what people use today. --check and --speed do one of
# these. Exit status 1 if a byte is lost or a goal is missed.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
fio=$bed/../fio
share=$build/fio

verify() {
	"$bed/../vm" --numa 6G --append extmem=0:3G --share "$share" \
		--log "$share/console" --timeout 600 -- sh /mnt/share/job
}

# Guest time counts instructions: it says what memory costs the kernel and the
# program, not how fast this computer is.
speed() {
	"$bed/../vm" --numa 8G --icount --share "$share" --timeout 1800 \
		--log "$share/console.speed" --append "extmem=0:3G" \
		--append "hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=32" \
		-- sh /mnt/share/speed >"$share/results"
	awk -f "$fio/speed.awk" "$share/results"
}

mkdir -p "$share"
compile dax_tool "$bed/../dax_tool.c" "$bed/../dax_dev.c"
compile daxword "$run/daxword.c" "$run/daxmap.c" "$bed/../dax_dev.c"
compile memory "$fio/memory.c"
cp "$fio/lib.sh" "$fio/job" "$fio/speed" "$share"
case ${1:-} in
--check) verify ;;
--speed) speed ;;
'') verify && speed ;;
*) die "usage: fio.sh [--check | --speed]" ;;
esac
