#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1): a memory-backend-file whose mem-path does
# not exist is no error. QEMU makes a regular file of the guest's size there, starts the
# guest on it and leaves it behind, so that the next start finds it too. With a devdax
# node for path, after its device is gone, the guest runs on ordinary memory: in /dev
# that is the page cache of devtmpfs. Seen:
#	the guest: prelaunch
#	at mem-path, after its end: regular file 16777216
. "$(dirname "$0")/lib.sh"

packages trixie "qemu-system-x86=1:10.0.13+ds-0+deb13u1"
path=$tmp/dax0.1
what() { stat -c '%F %s' "$path" 2>&1; }
printf '%s\n' '{"execute":"qmp_capabilities"}' '{"execute":"query-status"}' \
	'{"execute":"quit"}' | run qemu-system-x86_64 -S -nodefaults -display none \
	-L "$root/usr/share/qemu" -L "$root/usr/share/seabios" -qmp stdio -m 16M \
	-machine q35,accel=tcg,memory-backend=ram \
	-object "memory-backend-file,id=ram,size=16M,share=on,mem-path=$path" >"$tmp/qmp"
said "QEMU's status" 0 $?
said "its guest" prelaunch "$(sed -n 's/.*"status": "\([a-z]*\)".*/\1/p' "$tmp/qmp")"
said "what is at mem-path" "regular file 16777216" "$(what)"
