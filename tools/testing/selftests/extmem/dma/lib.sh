# SPDX-License-Identifier: GPL-2.0
# Sourced after tests/lib.sh by what watches DMA over a kexec: a machine with drives
# that go on reading for long by themselves, and when its kernels got how far.

# The drives' images: 1000 blocks each, that name themselves.
make_drives() { # N
	for _n in $(seq "$1"); do
		"$programs/pi_disk" "$tmp/drive$_n" 1000 || return
	done
}

throttle() { echo "block_set_io_throttle $1 0 0 0 $2 0 0" >"$tmp/monitor.in"; }

# slow_down DRIVE...: so many reads a second that what is left of a thousand lasts
# until after the kexec, and that some fall into every phase of it. The first kernel's
# boot tells how long that will take: the reads are for 25 times that.
slow_down() {
	_reads=$(awk '/next kernel begins/ { t = $1 } /user space/ { t = $1 - t; exit }
		END { print int(40 / t) + 1 }' "$tmp/marks")
	for _drive; do
		throttle "$_drive" "$_reads"
	done
}

# marks LOG: "TIME NAME" for what the console says, by the host's clock, until it
# says that the machine goes down. The second drive is let go when the kernel is gone
# that it was to stop with: else its next driver waits for all of it. The first one
# is at the mark "full speed".
marks() {
	_cr=$(printf "\r")
	tail -n +1 -F -s 0.02 --pid=$$ "$1" 2>/dev/null | while read -r _line; do
		_line=${_line%"$_cr"}
		case $_line in
		*'Starting new kernel'*) _what="the old kernel stops" ;;
		*'Linux version'*) _what="the next kernel begins" ;;
		*'goes on for'*) _what="the IOMMU is adopted" ;;
		*'devices are stopped'*) _what="there is no IOMMU" ;;
		*'Run /init as'*) _what="user space" ;;
		*'witness: '*) _what=${_line##*witness: } ;;
		*'Power down'*) break ;;
		*) continue ;;
		esac
		case $_what in
		"the old kernel stops") throttle d2 0 ;;
		posted) slow_down d1 d2 ;;
		# its next driver would wait for all that it was asked for
		"full speed" | "there is no IOMMU") throttle d1 0 ;;
		# not so fast that all is read before there is a slower rate
		"again one") throttle d1 400 ;;
		"again two") throttle d2 400 ;;
		"posted one") slow_down d1 ;;
		"posted two") slow_down d2 ;;
		"unplug "*) echo "device_del ${_what#unplug }" >"$tmp/monitor.in" ;;
		listening) : >"$tmp/listening" ;;
		esac
		echo "$(date +%s.%N) $_what"
	done
}

# machine VM-OPTION... -- COMMAND...: the devices asked for, and nothing else.
# Leaves $tmp/trace, QEMU's account of what devices did, and $tmp/marks.
devices='' sender='' pool=1G
machine() {
	rm -f "$tmp/trace" "$tmp/console" "$tmp"/monitor.* "$tmp/listening"
	mkfifo "$tmp/monitor.in" "$tmp/monitor.out"
	: >"$tmp/console"
	marks "$tmp/console" >"$tmp/marks" &
	_marks=$!
	$sender "$vm" --numa 4G --append "extmem=0:$pool" --share "$tmp/jobs" \
		--share "$programs" --log "$tmp/console" \
		--device "-msg timestamp=on -D $tmp/trace$devices" \
		--device "-chardev pipe,id=hmp,path=$tmp/monitor -mon hmp" "$@"
	_rc=$?
	kill $_marks 2>/dev/null
	return $_rc
}

# drives RATE: two drives of RATE operations a second, after a burst of as many as
# there are reads: the first below a root port, the second not. A read is two
# operations, its data and its protection information; the data of all comes first,
# and each read is complete with its second one. The port is a slot of its own, not the
# firmware's: pciehp has it.
drives() {
	_rate=throttling.iops-total=$1,throttling.iops-total-max=1000
	_ns=logical_block_size=512,ms=8,pi=1
	devices="$devices -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"
	devices="$devices -device pcie-root-port,id=above,chassis=1"
	devices="$devices -device nvme,id=one,serial=1,bus=above"
	devices="$devices -device nvme,id=two,serial=2"
	devices="$devices -drive file=$tmp/drive1,format=raw,if=none,id=d1,$_rate"
	devices="$devices -drive file=$tmp/drive2,format=raw,if=none,id=d2,$_rate"
	devices="$devices -device nvme-ns,drive=d1,bus=one,$_ns"
	devices="$devices -device nvme-ns,drive=d2,bus=two,$_ns"
	devices="$devices -trace pci_nvme_enqueue_req_completion"
}

# card RATE [OPTIONS]: a network card, which is sent RATE frames a second from when it
# listens
card() {
	devices="$devices -netdev dgram,id=wire,local.type=fd,local.str=8"
	devices="$devices -device igb,netdev=wire${2:+,$2}"
	devices="$devices -trace e1000e_rx_written_to_guest"
	sender="$programs/frame_sender $tmp/listening $1"
}

# What the machine said, in $tmp/out
# section NAME: under that title
section() { awk -v name="== $1" '/^== / { on = $0 == name; next } on' "$tmp/out"; }
# said NAME DESC: exactly what is on standard input
said() { expect "$2" "$(cat)" "$(section "$1")"; }

# phases EVENT WHAT [WORDS]: how many fell into which phase, and the longest
# interval, by the device's own account of such events, if they contain WORDS
phases() {
	awk -v event="$1" -v what="$2" -v words="${3:-}" -f "$here/dma/phases.awk" \
		"$tmp/marks" "$tmp/trace" >"$tmp/phases"
	sed 's/^/# /' "$tmp/phases"
	for _phase in "the old kernel stops" "the next kernel begins" \
		"the IOMMU is adopted" "user space" "taken over"; do
		check "$2 came: $_phase" grep -q "^$_phase  *[1-9]" "$tmp/phases"
	done
}

# What the machine's scripts begin with
machine_lib() {
	cat <<'EOT'
exec 2>&1
PATH=/mnt/share/2:$PATH
say() { echo "== $*"; }
pci=/sys/bus/pci/devices
# by their serial numbers' order: the one below the port has the higher address
card=$(for d in $pci/*; do
	[ $(cat $d/class) != 0x020000 ] || basename $d
done)
drives=$(for d in $pci/*; do
	[ $(cat $d/class) != 0x010802 ] || basename $d
done)
two=$(echo "$drives" | sed -n 1p)
one=$(echo "$drives" | sed -n 2p)
port=$(basename $(dirname $(readlink -f $pci/$one)))
# command BDF: what the command register of a device allows
command() {
	_v=$(od -An -tu2 -j4 -N2 $pci/$1/config)
	echo "memory=$((_v >> 1 & 1)) master=$((_v >> 2 & 1)) intx=$((~_v >> 10 & 1))"
}
driver() { basename $(readlink $pci/$1/driver) 2>/dev/null || echo none; }
# the power state, if there is such a capability
power() {
	_at=$(od -An -tu1 -j52 -N1 $pci/$1/config)
	while [ $_at != 0 ]; do
		set -- $1 $(od -An -tu1 -j$((_at)) -N6 $pci/$1/config)
		[ $2 != 1 ] || echo "D$(($6 & 3))"
		_at=$3
	done
}
# is BDF: what it is allowed, asleep or not, and who drives it
is() { echo "$(command $1) $(power $1) $(driver $1)"; }
set_up() { echo "take $1 open $1 iommu bind dax /dev/$2 map attach"; }
mark() { echo "witness: $*" >/dev/kmsg; }
# faults BDF: addresses that the IOMMU refused to it
faults() { echo "faults: $(dmesg | grep -c "Request device .$1. fault")"; }
iommu=0xfed90000
# undo CONTROL WORD...: those words, if the test is to do without this
undo() { [ $control != $1 ] || { shift; echo "$@"; }; }
# by hand what a kexec does to devices that it does not know to go on
clear_master() {
	printf '\002' | dd of=$pci/$1/config bs=1 seek=4 conv=notrunc 2>/dev/null
}
quiet=60
[ $control = none ] || quiet=10
what_came_of_it() {
	say "without $control"
	dma_witness dax /dev/dax0.1 use wait 1000 10 check
	faults $one
	exit
}
# hold WITNESS FILE STEP...: one that stays
hold() {
	_program=$1 _out=/state/$2
	: >$_out
	shift 2
	$_program "$@" hold >$_out &
	while ! grep -q holding $_out; do
		kill -0 $! || break
		sleep 0.1
	done
	cat $_out
}
EOT
}
