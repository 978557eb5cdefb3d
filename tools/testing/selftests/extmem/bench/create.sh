#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# create.sh: what it takes to make a device, against its size, on memory that
# was scrubbed and on memory that is still dirty. Guest time counts
# instructions. Exit status 1 if clean memory is touched, or costs more the more
# there is of it.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
bench=$bed/../bench
share=$build/bench
out=$share/create

machine() { # NAME COMMAND...
	_name=$1
	shift
	"$bed/../vm" --numa 4G,508G --icount --share "$share" --timeout 900 \
		--append "extmem=1:508G extmem.scrub=0" --stats "$share/stats" \
		-- "$@" >>"$out"
	sed "s/^/$_name /" "$share/stats" >>"$out"
}

mkdir -p "$share"
compile create-time "$bench/create-time.c" "$run/../dax_dev.c"
: >"$out"
machine idle true
machine clean /mnt/share/create-time 1 clean 2 2 16 128 1024 8192 65536
machine dirty /mnt/share/create-time 1 dirty 2 2 16 128 1024
awk -f "$bench/create.awk" "$out"
