# SPDX-License-Identifier: GPL-2.0
# Sourced by `vm`: the run's folder that the machine sees as /bed, and QEMU's
# arguments.

# Run QEMU 10 or newer: the host's, or else the one in the rootfs, by that
# rootfs's own loader (QEMU 7.2's nested SVM breaks the inner kernel).
run_qemu() {
	_v=$(qemu-system-x86_64 --version 2>/dev/null |
		sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p')
	[ "${_v:-0}" -lt 10 ] || exec qemu-system-x86_64 "$@"
	_lib=$rootfs/usr/lib/x86_64-linux-gnu
	QEMU_MODULE_DIR=$_lib/qemu exec "$rootfs/lib64/ld-linux-x86-64.so.2" \
		--library-path "$_lib" "$rootfs/usr/bin/qemu-system-x86_64" \
		-L "$rootfs/usr/share/qemu" -L "$rootfs/usr/share/seabios" "$@"
}

# Each built kernel's list of built-in modules, indexed as libkmod wants it:
# without, daxctl takes device_dax for missing.
index_modules() {
	for _o in "$build"/kernel* "$1"; do
		[ -f "$_o/modules.builtin" ] || continue
		_rel=$(cat "$_o/include/config/kernel.release")
		_m=$build/modules/lib/modules/$_rel
		! [ "$_m/modules.builtin.bin" -nt "$_o/modules.builtin" ] ||
			continue
		mkdir -p "$_m"
		cp "$_o/modules.builtin" "$_o/modules.builtin.modinfo" "$_m"
		: >"$_m/modules.order"
		depmod_of_rootfs -b "$build/modules" "$_rel"
	done
}

# kmod looks at its own name to know what it is asked to do.
depmod_of_rootfs() {
	"$rootfs/lib64/ld-linux-x86-64.so.2" --argv0 depmod --library-path \
		"$rootfs/usr/lib/x86_64-linux-gnu" "$rootfs/usr/bin/kmod" "$@"
}

# What goes into the machine besides scripts, made when its source changed.
build_parts() {
	[ "$build/relay" -nt "$bed/guest/relay.c" ] || {
		gcc -O2 -Wall -D_GNU_SOURCE -static -o "$build/relay.new" \
			"$bed/guest/relay.c"
		mv "$build/relay.new" "$build/relay"
	}
	{ [ "$build/initrd" -nt "$bed/guest/stage1" ] &&
		[ "$build/initrd" -nt "$rootfs.key" ]; } || "$bed/mkinitrd"
}

# fill_run: everything the machine reads from /bed.
fill_run() {
	mkdir -p "$run/bed/bin" "$run/bed/modules"
	cp "$bed/guest/init" "$run/bed/init"
	cp "$bed/guest/live-kexec" "$bed/guest/cold-reboot" \
		"$bed/guest/start-udev" "$bed/guest/next.sh" \
		"$bed/guest/quote.sh" "$build/relay" "$run/bed/bin"
	cp "$kernel" "$run/bed/kernel"
	cp "$build/initrd" "$run/bed/initrd"
	echo /bed/kernel | tee "$run/bed/kernel-path" \
		>"$run/bed/first-kernel-path"
	cp -r "$build/modules/lib/modules/." "$run/bed/modules"
	: >"$run/bed/out"
	truncate -s 64G "$run/state.img"
	mke2fs -q -t ext4 -J size=32 "$run/state.img"
}

# numa_args SIZE,SIZE...: a node each, the CPUs dealt out in turn.
numa_args() {
	_n=0
	for _size in $(echo "$1" | tr , ' '); do
		_c=$_n _cpus=
		while [ $_c -lt "$cpus" ]; do
			_cpus=$_cpus,cpus=$_c _c=$((_c + $(nodes "$1")))
		done
		printf '%s ' -object \
			"memory-backend-ram,id=ram$_n,size=$_size,reserve=off" \
			-numa "node,nodeid=$_n,memdev=ram$_n$_cpus"
		_n=$((_n + 1))
	done
}

nodes() { echo "$1" | tr , '\n' | wc -l; }

# The sum of 4G,508G in MiB, with QEMU's suffixes.
total_mib() {
	echo "$1" | tr , '\n' | awk '
		/^[0-9]+M?$/ { s += $1; next }
		/^[0-9]+G$/ { s += $1 * 1024; next }
		/^[0-9]+T$/ { s += $1 * 1048576; next }
		{ exit 1 }
		END { print s }' | grep .
}
