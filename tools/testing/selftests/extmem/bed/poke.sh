# SPDX-License-Identifier: GPL-2.0
# Sourced on the host: talk to bed/poke, whose commands go to fd 3 and whose
# answers come from fd 4.

# peek PA LEN: memory in hexadecimal
peek() { echo "read $1 $2" >&3; read -r _hex <&4; echo "$_hex"; }

# le HEX: little-endian bytes as a number
le() {
	echo "$1" | sed 's/../& /g' | awk '{ for (i = NF; i; i--) printf $i }' |
		sed 's/^/0x/'
}

# ptr PA: the 64-bit word that is there
ptr() { echo $(($(le "$(peek "$1" 8)"))); }

tell() { echo "$@" >&3; read -r _answer <&4; }

# is_root PA: does the hand-over map begin there ("extmem-v1")?
is_root() { [ "$(peek "$1" 9)" = 6578746d656d2d7631 ]; }

# symbol NAME: the kernel's address of it
symbol() { echo "0x$(awk -v s="$1" '$3 == s { print $1 }' "$build/kernel/System.map")"; }

# Without KASLR the kernel is mapped at 0xffffffff80000000, all of memory at
# 0xff11000000000000, or 0xffff888000000000 with four levels of page tables.

# in_kernel NAME: the physical address of a variable
in_kernel() {
	_at=$(symbol "$1")
	echo $((0x${_at#0xffffffff} - 0x80000000))
}

# follow PA: the physical address of what the pointer there leads to, or nothing
follow() {
	_word=$(le "$(peek "$1" 8)")
	case $_word in
	0xff11000*000 | 0xffff888*000) echo $((0x${_word#0xff?????})) ;;
	esac
}

# find_root: the hand-over map's root page; one of the first words of struct
# extmem_map points to it
find_root() {
	for _off in 8 16 24 32 40 48 56 64 72 80; do
		root=$(follow $(($(in_kernel extmem_map) + _off)))
		[ -z "$root" ] || ! is_root "$root" || return 0
	done
	return 1
}

# poke_begin SOCKET SYMBOL: talk to the machine there, which stops when it comes by
poke_begin() {
	_dir=$(mktemp -d "$tmp/poke.XXXX")
	mkfifo "$_dir/to" "$_dir/from"
	"$tmp/poke" "$1" <"$_dir/to" >"$_dir/from" &
	exec 3>"$_dir/to" 4<"$_dir/from"
	tell break "$(symbol "$2")"
}

# poke_end: it goes on
poke_end() { exec 3>&- 4<&-; }
