#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kexec-tools 2.0.32 (Debian 1:2.0.32-3) loads a unified kernel image: it takes the
# kernel in its section .linux and the initrd in .initrd, and leaves .cmdline unread, the
# command line that the image's maker put beside them. The next kernel has none, unless
# --command-line or --reuse-cmdline gives it another. Seen, /proc/cmdline of a kernel
# started by `kexec -s -l IMAGE; kexec -e`, with "kho=on console=ttyS0" in .cmdline:
#	(empty)
. "$(dirname "$0")/lib.sh"

packages "trixie trixie-backports" $machine_packages binutils
machine_root=$root root=$machine_root/forky
packages forky kexec-tools=1:2.0.32-3 systemd-boot-efi=262-1
root=$machine_root
mkdir -p "$tmp/next" "$root/uki"
cp "$root/usr/bin/busybox" "$tmp/next/busybox"
cat >"$tmp/next/init" <<'EOT'
#!/busybox sh
/busybox mkdir /proc /dev
/busybox mount -t proc proc /proc
/busybox mount -t devtmpfs dev /dev
/busybox echo "next kernel: $(/busybox cat /proc/cmdline)" >/dev/ttyS1
/busybox poweroff -f
EOT
chmod +x "$tmp/next/init"
archive "$tmp/next" >"$tmp/next.initrd"
printf 'kho=on console=ttyS0' >"$tmp/next.cmdline"
stub=$root/forky/usr/lib/systemd/boot/efi/linuxx64.efi.stub
base=0x$(run objdump -p "$stub" | sed -n 's/^ImageBase[[:space:]]*//p')
at() { printf '0x%x' $((base + $1)); }
run objcopy --add-section .cmdline="$tmp/next.cmdline" \
	--change-section-vma .cmdline="$(at 0x100000)" \
	--add-section .linux="$root/usr/lib/modules/$kernel/vmlinuz" \
	--change-section-vma .linux="$(at 0x2000000)" \
	--add-section .initrd="$tmp/next.initrd" \
	--change-section-vma .initrd="$(at 0x4000000)" "$stub" "$root/uki/uki.efi"
machine "" -machine q35 -cpu max -m 1G >"$tmp/out" <<'EOT'
kexec() {
	/forky/usr/lib64/ld-linux-x86-64.so.2 \
		--library-path /forky/usr/lib/x86_64-linux-gnu /forky/usr/sbin/kexec "$@"
}
kexec --version
kexec -s -l /uki/uki.efi && echo loaded
kexec -e
EOT
said "kexec's version" "kexec-tools 2.0.32" "$(grep ^kexec-tools "$tmp/out")"
said "the image" loaded "$(grep -x loaded "$tmp/out")"
said "the next kernel's command line" "next kernel: " "$(grep '^next kernel:' "$tmp/out")"
