#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# migrate.sh: live migration of a guest from a device to a memfd and back.
set -eu
bed=$(dirname "$0")/../bed
. "$bed/lib.sh"
. "$bed/../run/programs.sh"
share=$build/migrate

build_programs
build_guest
cp "$run/migrate-job" "$run/talk.sh" "$run/qemu-guest" "$share/"
exec "$run/../vm" --numa 4G,3G --append extmem=0:1G,1:1G --share "$share" \
	--log "$share/console.log" --timeout 600 \
	-- env GUEST_MIB=256 EXTMEM_STATE=/run/state sh /mnt/share/migrate-job
