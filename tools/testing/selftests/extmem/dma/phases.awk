# SPDX-License-Identifier: GPL-2.0
# Completions of the drive, by QEMU's own clock: how many fell into each phase of
# the kexec, and the longest interval between two. First file: the marks, a time
# and a name each; second: QEMU's trace. -v queue=ID is the queue to look at.

FNR == NR {
	begins[++marks] = $1
	sub(/^[^ ]* /, "")
	name[marks] = $0
	next
}

/pci_nvme_enqueue_req_completion/ && index($0, " cqid " queue " ") {
	split($1, at, /[@:]/)
	t = at[2] + 0
	while (now < marks && t >= begins[now + 1])
		now++
	count[now]++
	total++
	if (last && t - last > longest[now])
		longest[now] = t - last
	last = t
}

END {
	printf "%-34s %6d reads, longest interval %6.0f ms\n", "before", count[0],
		longest[0] * 1000
	for (i = 1; i <= marks; i++)
		printf "%-34s %6d reads, longest interval %6.0f ms, %6.2f s\n",
			name[i], count[i], longest[i] * 1000,
			i < marks ? begins[i + 1] - begins[i] : 0
	printf "all %d\n", total
}
