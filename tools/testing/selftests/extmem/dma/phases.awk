# SPDX-License-Identifier: GPL-2.0
# Events of a device, by QEMU's own clock: how many fell into each phase of the
# kexec, and the longest interval between two; beside that how long no program ran.
# First file: the marks, a time and a name each; second: QEMU's trace. -v event=NAME
# -v words=TEXT are those to look at, -v what=NOUN is what they are.

FNR == NR {
	begins[++marks] = $1
	sub(/^[^ ]* /, "")
	name[marks] = $0
	next
}

index($0, event) && (words == "" || index($0, words)) {
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

function line(title, i, lasted) {
	printf "%-34s %6d %s, longest interval %6.0f ms, %6.2f s\n", title, count[i],
		what, longest[i] * 1000, lasted
}

END {
	line("before", 0, 0)
	for (i = 1; i <= marks; i++) {
		line(name[i], i, i < marks ? begins[i + 1] - begins[i] : 0)
		if (name[i] == "the old kernel stops" && !stopped)
			stopped = begins[i]
		if (name[i] == "user space" && stopped && !ran)
			ran = begins[i]
		if (stopped && !taken && longest[i] > most)
			most = longest[i]
		if (name[i] == "taken over")
			taken = 1
	}
	printf "all %d, longest interval over the kexec %.0f ms; no program ran for %.0f ms\n",
		total, most * 1000, (ran - stopped) * 1000
}
