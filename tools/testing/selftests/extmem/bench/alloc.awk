# SPDX-License-Identifier: GPL-2.0
# "who.state.size fact value" lines become a table, and the goals a verdict.

function cost(who, state, size) {
	if (!((who "." state "." size " claim_ns") in v))
		gone = 1
	return v[who "." state "." size " claim_ns"] + \
		v[who "." state "." size " free_ns"]
}

function cell(who, state, size) {
	printf " %11d", cost(who, state, size)
}

function goal(text, value, limit, floor) {
	ok = floor ? value >= limit : value <= limit
	printf "%-58s %9.2f (at %s %g) %s\n", text, value, \
		floor ? "least" : "most", limit, ok ? "met" : "MISSED"
	if (!ok)
		missed = 1
}

{ v[$1 " " $2] = $3 }

END {
	split("empty half fragmented", states)
	split("2M 1G", sizes)
	split("extmem-64G extmem-1T extmem-16T extmem-64T cma old-64G old-1T old-16T old-64T", whos)
	beside_old = "old-64G.empty.2M claim_ns" in v
	printf "%-14s", "claim + free"
	for (z = 1; z <= 2; z++)
		for (s = 1; s <= 3; s++)
			printf " %11s", sizes[z]
	printf "\n%-14s", "instructions"
	for (z = 1; z <= 2; z++)
		for (s = 1; s <= 3; s++)
			printf " %11s", states[s]
	print ""
	for (w = 1; w <= (beside_old ? 9 : 5); w++) {
		who = whos[w]
		printf "%-14s", who == "cma" ? "cma, " v["cma size_gib"] " GiB" : who
		for (z = 1; z <= 2; z++)
			for (s = 1; s <= 3; s++)
				cell(who, states[s], sizes[z])
		print ""
	}
	print ""
	if (gone) {
		print "figures are missing"
		exit 1
	}
	for (z = 1; z <= 2; z++)
		for (s = 1; s <= 3; s++)
			goal(sizes[z] ", " states[s] ": 64 TiB over 64 GiB", \
			     cost("extmem-64T", states[s], sizes[z]) / \
			     cost("extmem-64G", states[s], sizes[z]), 2, 0)
	for (z = 1; z <= 2; z++)
		for (s = 1; s <= 3; s++)
			goal(sizes[z] ", " states[s] ": cma over extmem of 64 TiB", \
			     cost("cma", states[s], sizes[z]) / \
			     cost("extmem-64T", states[s], sizes[z]), \
			     z == 1 ? 20 : 1000, 1)
	for (w = 1; w <= 4 && beside_old; w++)
		for (z = 1; z <= 2; z++)
			for (s = 1; s <= 3; s++)
				goal(sizes[z] ", " states[s] ": " whos[w] " over " whos[w + 5], \
				     cost(whos[w], states[s], sizes[z]) / \
				     cost(whos[w + 5], states[s], sizes[z]), 1.05, 0)
	exit missed
}
