# SPDX-License-Identifier: GPL-2.0
# where.awk map=1 System.map map=0 STATE: what each processor of a machine was at, by
# what QEMU says of their registers. Addresses are words of 16 digits, compared as such:
# as numbers they are too large for awk.

map {
	if ($2 ~ /^[tT]$/) {
		addr[n] = $1
		name[n++] = $3
	}
	next
}

/^CPU#[0-9]+/ { cpu = $1 }

/^RIP=/ {
	rip = substr($1, 5)
	for (i = n - 1; i >= 0 && "x" addr[i] > "x" rip;)
		i--
	where = rip ~ /^ffffffff/ && i >= 0 ? name[i] : "not in the kernel"
	halted = match($0, /HLT=1/) ? ", halted" : ""
	print cpu ": " rip " " where halted
}
