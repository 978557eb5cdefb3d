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
