# SPDX-License-Identifier: GPL-2.0
# "WHICH FACT VALUE..." lines become a table, and the goals a verdict. Of what was
# not there to be counted in the old kernel it is known: one CPU cleared.

function goal(text, was, is, ratio, limit) {
	printf "%-44s %12s %12s %9.1fx (at least %gx) %s\n", text, was, is, ratio, \
		limit, (ratio >= limit ? "met" : "MISSED")
	if (ratio < limit)
		missed = 1
}

function over(a, b) { return a / (b ? b : 1) }

{ fact[$1 "," $2] = $NF; seen++ }
$2 == "nodes" { nodes[$1] = $4 / $3 }

END {
	if (seen != 10) {
		print "figures are missing"
		exit 1
	}
	printf "%-44s %12s %12s\n", "", "old", "new"
	goal("dirty_bytes of 16 TiB, all dirty (ns)", fact["old,dirty_bytes"], \
	     fact["new,dirty_bytes"], \
	     over(fact["old,dirty_bytes"], fact["new,dirty_bytes"]), 1000)
	goal("largest_free_bytes of 16 TiB (ns)", fact["old,largest_free_bytes"], \
	     fact["new,largest_free_bytes"], \
	     over(fact["old,largest_free_bytes"], fact["new,largest_free_bytes"]), 10)
	goal("calls to other CPUs, 10 GiB scrubbed, 8 CPUs", fact["old,calls"], \
	     fact["new,calls"], over(fact["old,calls"], fact["new,calls"]), 50)
	goal("1 GiB cleared for a device, 2 CPUs", "1 CPU", "", fact["new,clear2"], 1.8)
	goal("1 GiB cleared for a device, 8 CPUs", "1 CPU", "", fact["new,clear8"], 6)
	printf "%-44s %12.2f %12.2f %22s %s\n", "two nodes at once, over one alone", \
		nodes["old"], nodes["new"], "(at most 1.1)", \
		(nodes["new"] <= 1.1 ? "met" : "MISSED")
	exit missed || nodes["new"] > 1.1
}
