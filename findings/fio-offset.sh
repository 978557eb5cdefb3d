#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# fio 3.39 (Debian 3.39-1): the engines that map a file ignore offset=. Two jobs with
# offset= and size= of their own, the usual way to divide a device, write the same first
# bytes, and the rest is never touched. fio says that all went well, and a verify of
# either job alone finds what it wrote. The engine dev-dax does the same (on a device,
# which is not tried here). What sync writes goes where it should. Seen, in MiB of four
# that are not zero:
#	sync: 1 2
#	mmap: 0
. "$(dirname "$0")/lib.sh"

packages trixie fio=3.39-1
written() { # ENGINE: which MiB of four are written by a job for MiB 1 and one for MiB 2
	truncate -s 0 "$tmp/file"
	truncate -s 4M "$tmp/file"
	run fio --ioengine="$1" --thread=1 --filename="$tmp/file" --rw=write --bs=64k \
		--size=1m --verify=crc32c --output=/dev/null \
		--name=one --offset=1m --name=two --stonewall --offset=2m ||
		die "fio $1: exit status $?"
	for _i in 0 1 2 3; do
		dd if="$tmp/file" bs=1M skip=$_i count=1 status=none |
			cmp -s -n 1048576 - /dev/zero || echo "$_i"
	done
}
said "fio's version" fio-3.39 "$(run fio --version)"
said "sync writes MiB" "1 2" "$(echo $(written sync))"
said "mmap writes MiB" "0" "$(echo $(written mmap))"
