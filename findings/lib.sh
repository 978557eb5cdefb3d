# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts of this folder: Debian packages of one version, unpacked into
# a temporary folder, without being installed.

set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
bed=$here/../tools/testing/selftests/extmem/bed
debs=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/extmem/findings
tmp=$(mktemp -d)
root=$tmp/root
cd "$tmp"
trap 'rm -rf "$tmp"' EXIT

die() { echo "${0##*/}: $*" >&2; exit 1; }

# said WHAT WANTED GOT: the finding stands as long as these are the same.
said() {
	[ "$2" = "$3" ] || die "$1: no longer so
wanted: $2
got:    $3"
	echo "$1: as found"
}

# What the script's head says was seen: its lines that begin with a tab
seen() { sed -n 's/^#	//p' "$here/${0##*/}"; }

apt() { # TOOL ARG...
	_tool=$1
	shift
	"$_tool" -o Dir::State="$tmp/apt" -o Dir::State::lists="$tmp/apt/lists" \
		-o Dir::State::status="$tmp/apt/status" -o Dir::Cache="$tmp/apt/cache" \
		-o Dir::Cache::archives="$debs" -o Dir::Etc::sourcelist="$tmp/apt/sources" \
		-o Dir::Etc::sourceparts="$tmp/apt/none" -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts="$tmp/apt/none" -o APT::Architecture=amd64 \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
		-o Acquire::Retries=3 "$@"
}

# packages SUITES NAME=VERSION...: these and what they need, from the archive this
# machine uses, in $root. Signatures are checked by apt.
packages() {
	_suites=$1
	shift
	mkdir -p "$root" "$debs/partial" "$tmp/apt/lists/partial" "$tmp/apt/cache" \
		"$tmp/apt/none/partial"
	: >"$tmp/apt/status"
	for _suite in $_suites; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$("$bed/debian-uri") $_suite main"
	done >"$tmp/apt/sources"
	rm -rf "$tmp/apt/lists"
	mkdir -p "$tmp/apt/lists/partial"
	apt apt-get -qq update >&2 || die "no index of $_suites"
	# with a cache that is empty, or it would leave out what is there
	apt apt-get -o Dir::Cache::archives="$tmp/apt/none" -qq \
		--no-install-recommends --print-uris install "$@" |
		cut -d' ' -f2 >"$tmp/apt/files"
	apt apt-get -qq --no-install-recommends --download-only install "$@" \
		>"$tmp/apt/log" 2>&1 || { cat "$tmp/apt/log" >&2; die "no $*"; }
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	ln -s usr/bin "$root/bin"
	ln -s usr/sbin "$root/sbin"
	while read -r _deb; do
		dpkg -x "$debs/$_deb" "$root"
	done <"$tmp/apt/files"
}

# run PROGRAM ARG...: one of theirs, with their libraries.
run() {
	_lib=$root/usr/lib/x86_64-linux-gnu
	_program=$1
	shift
	QEMU_MODULE_DIR=$_lib/qemu "$root/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$_lib:$_lib/ceph:$_lib/systemd" "$root/usr/bin/$_program" "$@"
}

# For what takes a kernel: Debian's own, in an emulated machine, with the packages for
# a root. `packages` comes first, with at least $machine_packages among them.
machine_packages="linux-binary-7.3.4+deb13-amd64=7.3.4-1~bpo13+1 linux-modules-7.3.4+deb13-amd64=7.3.4-1~bpo13+1"
machine_packages="$machine_packages busybox-static kmod qemu-system-x86=1:10.0.13+ds-0+deb13u1"
kernel=7.3.4+deb13-amd64

# archive FOLDER: as an initramfs
archive() { (cd "$1" && find . | "$root/usr/bin/busybox" cpio -o -H newc 2>/dev/null | gzip -1); }

# Modules of the kernel and what they need, in the order they are loaded.
modules() { # NAME...
	[ -e "$root/usr/lib/modules/$kernel/modules.dep" ] ||
		"$root/usr/lib64/ld-linux-x86-64.so.2" --argv0 depmod --library-path \
			"$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/kmod" \
			-b "$root/usr" "$kernel"
	for _name; do
		sed -n "s,:, ,; s,^[^ ]*/$_name\.ko[^ ]* .*,&,p" \
			"$root/usr/lib/modules/$kernel/modules.dep"
	done | while read -r _module _needs; do
		for _need in $_needs; do echo "$_need"; done | tac
		echo "$_module"
	done | awk '!seen[$0]++'
}

initramfs() {
	mkdir -p "$tmp/initramfs/m" "$tmp/initramfs/root" "$tmp/initramfs/dev"
	cp "$root/usr/bin/busybox" "$tmp/initramfs/busybox"
	_n=10
	for _module in $(modules virtio_pci virtio_blk ext4 crc32c-cryptoapi); do
		cp "$root/usr/lib/modules/$kernel/$_module" \
			"$tmp/initramfs/m/$_n-${_module##*/}"
		_n=$((_n + 1))
	done
	cat >"$tmp/initramfs/init" <<-'EOT'
		#!/busybox sh
		/busybox mount -t devtmpfs dev /dev
		for m in /m/*; do
			case $m in
			*.xz) /busybox xzcat "$m" >/x.ko; m=/x.ko ;;
			esac
			/busybox insmod "$m"
		done
		/busybox mount -t ext4 /dev/vda /root
		exec /busybox switch_root /root /init
	EOT
	chmod +x "$tmp/initramfs/init"
	archive "$tmp/initramfs" >"$tmp/initrd"
}

# machine COMMAND-LINE QEMU-OPTION... <SCRIPT: a script of sh is run as init in it, and
# prints what the script does.
machine() {
	_line=$1
	shift
	[ -e "$tmp/initrd" ] || initramfs
	mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp"
	{
		cat <<-'EOT'
			#!/bin/busybox sh
			export PATH=/usr/sbin:/usr/bin:/tmp/bin
			busybox mount -t proc proc /proc
			busybox mount -t sysfs sys /sys
			busybox mount -t devtmpfs dev /dev 2>/dev/null
			busybox mount -t tmpfs run /run
			busybox mount -t tmpfs tmp /tmp
			busybox mkdir /tmp/bin
			busybox --install -s /tmp/bin
			{
		EOT
		cat
		printf '} >/dev/ttyS1 2>&1\npoweroff -f\n'
	} >"$root/init"
	chmod +x "$root/init"
	rm -f "$tmp/root.img"
	mke2fs -q -t ext4 -d "$root" "$tmp/root.img" \
		$(($(du -sm "$root" | cut -f1) * 5 / 4 + 200))M >&2
	timeout 600 "$root/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$root/usr/lib/x86_64-linux-gnu" \
		"$root/usr/bin/qemu-system-x86_64" \
		-L "$root/usr/share/qemu" -L "$root/usr/share/seabios" \
		-nodefaults -display none -no-reboot -accel tcg -smp 2 "$@" \
		-serial "file:$tmp/console" -serial "file:$tmp/said" \
		-drive "if=virtio,format=raw,file=$tmp/root.img" \
		-kernel "$root/usr/lib/modules/$kernel/vmlinuz" -initrd "$tmp/initrd" \
		-append "console=ttyS0 panic=-1 $_line" </dev/null >&2 ||
		{ tail -n 20 "$tmp/console" >&2; die "the machine did not end well"; }
	tr -d '\r' <"$tmp/said"
}

# hmem_machine GIB <SCRIPT: a machine with a dax region of its own, of so many GiB at
# 6 GiB, as firmware sets memory aside; without the device that it begins with.
hmem_machine() {
	{
		cat <<-'EOT'
			modprobe dax_hmem
			modprobe device_dax
			sleep 1
			daxctl reconfigure-device -m devdax dax0.0 >/dev/console 2>&1
			daxctl disable-device dax0.0 >/dev/console 2>&1
			daxctl destroy-device dax0.0 >/dev/console 2>&1
		EOT
		cat
	} | machine "memmap=$1G%6G+0xefffffff" -machine q35 -cpu max -m 8G
}
