# SPDX-License-Identifier: GPL-2.0
# Sourced in the test machine: where a guest's files are, and how to talk to
# it and to its QEMU. Both speak through named pipes (a chardev of QEMU's), so
# a line is a `read` and nobody must keep a connection open.

bin=${EXTMEM_BIN:-/mnt/share}
all=${EXTMEM_STATE:-/state/run}	# outlives the kernel
GUEST_MIB=${GUEST_MIB:-2048}

die() { echo "${0##*/}: $*" >&2; exit 1; }

# guest NAME: whose files the functions below mean.
guest() {
	name=$1
	pipes=/run/guest/$1
	keep=$all/$1
	mkdir -p "$pipes" "$keep"
}

# stamp LABEL: note when it was.
stamp() { "$bin/stamp" "$1" >>"$all/stamps" || die "cannot stamp $1"; }

# value KEY LINE: from "word key=value key=value".
value() {
	for _word in $2; do
		case $_word in "$1="*) echo "${_word#*=}"; return ;; esac
	done
	die "no $1 in: $2"
}

# alive: a pipe that nobody else holds would block us for ever.
alive() { [ -e "/proc/$(cat "$pipes/pid")" ] || die "$name: QEMU is gone"; }

# ask COMMAND: send the guest a line and print its answer.
ask() {
	alive
	echo "$1" >"$pipes/serial.in"
	listen
}

listen() {
	read -r _line <"$pipes/serial.out" || die "$name is gone"
	echo "$_line"
}

# qmp COMMAND [ARGUMENTS]: as JSON; prints what it returns.
qmp() {
	[ ! -e "$pipes/pid" ] || alive
	printf '{"execute":"%s"%s}\n' "$1" "${2:+,\"arguments\":$2}" \
		>"$pipes/qmp.in"
	while read -r _line; do
		case $_line in
		*'"return"'*) echo "$_line"; return ;;
		*'"error"'*) die "$name: QEMU refused $1: $_line" ;;
		esac
	done <"$pipes/qmp.out"
	die "$name: QEMU is gone"
}

# leave_ram: what is shared is not migrated, but stays where it is.
leave_ram() {
	qmp migrate-set-capabilities \
		'{"capabilities":[{"capability":"x-ignore-shared","state":true}]}' \
		>/dev/null
}

# migrated: wait for the end of a migration, either way.
migrated() {
	while :; do
		case $(qmp query-migrate) in
		*'"completed"'*) return ;;
		*'"failed"'*) die "$name: $(qmp query-migrate)" ;;
		esac
		sleep 0.02
	done
}

# quit_qemu: and wait until it is gone, with all it holds. Not for an answer:
# QEMU may be gone before we listen, and a pipe without a writer blocks.
quit_qemu() {
	_pid=$(cat "$pipes/pid")
	alive
	echo '{"execute":"quit"}' >"$pipes/qmp.in"
	while [ -e "/proc/$_pid" ]; do sleep 0.01; done
}

# kvm_pages: how KVM maps the guest's memory now, in pages of each size.
kvm_pages() {
	for _size in 1g 2m 4k; do
		printf '%s=%s ' $_size \
			"$(cat "/sys/kernel/debug/kvm/$(cat "$pipes/pid")-"*"/pages_$_size")"
	done
	echo
}
