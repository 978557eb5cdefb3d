# SPDX-License-Identifier: GPL-2.0
# Sourced on the host: compile what runs in the test machine into $share, which
# it sees as /mnt/share.

run=$bed/../run

# With the flags of the selftests' Makefile.
compile() { # NAME SOURCE...
	_name=$1
	shift
	gcc -O2 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
		-D_GNU_SOURCE= -static -o "$share/$_name" "$@"
}

build_programs() {
	mkdir -p "$share"
	compile stamp "$run/stamp.c"
	for _p in daxsum daxword; do
		compile $_p "$run/$_p.c" "$run/daxmap.c" "$run/../dax_dev.c"
	done
}

build_guest() {
	compile guest "$run/guest.c" "$run/guest_pattern.c" \
		"$run/guest_clocks.c" "$run/guest_drive.c"
	printf '%s\n' 'dir /dev 755 0 0' 'nod /dev/console 600 0 0 c 5 1' \
		'dir /proc 755 0 0' 'dir /sys 755 0 0' "file /init $share/guest 755 0 0" \
		>"$share/guest.list"
	"$build/kernel/usr/gen_init_cpio" "$share/guest.list" \
		>"$share/guest.cpio"
}
