#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run.sh [--check | --spoil]: the main job. A virtual machine whose memory is
# an extmem device lives through a kexec of its host; then two of them, on two
# nodes, through four. --check is the short version for tests; --spoil flips a
# bit in between, and has to fail.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
share=$build/run
began=$(date +%s)

# chain TITLE TIMEOUT JOB-ARG...
chain() {
	_title=$1 _timeout=$2 _from=$(date +%s)
	shift 2
	echo "$_title"
	"$run/../vm" --numa 5G,5G --append extmem=0:2G,1:2G --share "$share" \
		--log "$share/console.log" --timeout "$_timeout" \
		-- /mnt/share/job "$@" || {
		_rc=$?
		say "make run: failed after $(clock $(($(date +%s) - _from)))" \
			"min; console: $share/console.log"
		exit $_rc
	}
	echo "  took $(clock $(($(date +%s) - _from))) min"
}

build_programs
build_guest
for f in job talk.sh report.sh timeline.awk qemu-guest save-guest restore-guest
do
	cp "$run/$f" "$share/$f"
done
case ${1:-} in
--check) chain "one guest, one kexec" 300 --sum ;;
--spoil) chain "one guest, one kexec, one bit flipped" 300 --spoil ;;
'')
	chain "one guest, one kexec" 300
	chain "two guests on two nodes, four kexecs" 600 \
		--guests 2 --kexecs 4 --sum
	echo "all in $(clock $(($(date +%s) - began))) min" ;;
*) say "usage: run.sh [--check | --spoil]"; exit 2 ;;
esac
