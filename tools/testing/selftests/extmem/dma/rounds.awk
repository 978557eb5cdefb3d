# SPDX-License-Identifier: GPL-2.0
# Events of a device, by QEMU's own clock, from the moment that a kernel stops until
# the device is taken over in the next one: a line for each kexec. First file: the
# marks, a time and a name each; second: QEMU's trace. -v event=NAME -v words=TEXT
# are those to look at, -v what=NOUN is what they are.

FNR == NR {
	at = $1
	sub(/^[^ ]* /, "")
	if ($0 == "the old kernel stops")
		stops[++kexecs] = at
	else if ($0 == "taken over" && kexecs)
		taken[kexecs] = at
	next
}

index($0, event) && (words == "" || index($0, words)) {
	split($1, part, /[@:]/)
	t = part[2] + 0
	while (now < kexecs && t >= stops[now + 1]) {
		now++
		last = stops[now]
	}
	if (!now || !taken[now] || t >= taken[now])
		next
	count[now]++
	if (t - last > longest[now])
		longest[now] = t - last
	last = t
}

END {
	for (i = 1; i <= kexecs; i++)
		if (taken[i])
			printf "kexec %d: %d %s in %.2f s, longest interval %.0f ms\n", i,
				count[i], what, taken[i] - stops[i], longest[i] * 1000
}
