# SPDX-License-Identifier: GPL-2.0
# From the console's log: for each kexec how long the host was away from its guests,
# by phase, beside making the same tables anew; and the goals a verdict.

function log_ms() {
	match($0, /[0-9]+\.[0-9]+/)
	return substr($0, RSTART, RLENGTH) * 1e3
}

function goal(text, value, limit, unit) {
	printf "%-58s %9.2f %-2s (at most %g) %s\n", text, value, unit, limit, \
		value <= limit ? "met" : "MISSED"
	if (value > limit)
		missed = 1
}

# What user space waits for in the next kernel, and what it would without a session
function back(i) {
	return val[i, "retrieve-tables"] + val[i, "retrieve-devices"] + val[i, "take-over"]
}
function anew(i) { return val[i, "map"] + val[i, "attach-anew"] }

{ sub(/\r$/, "") }

# The rate of the TSC is that between two stamps of one kernel
/ stamp [0-9]+,[0-9]+,[0-9]+ / {
	if (first_tsc)
		rate = ($NF - first_tsc) / (log_ms() - first_ms)
	asked_ms = log_ms()
	asked_tsc = $NF
}
/Starting new kernel/ { left_ms = log_ms() }
/goes on for / { adopted_ms = log_ms() }
/Run .* as init process/ { init_ms = log_ms() }
/ stamp first / { first_ms = log_ms(); first_tsc = $NF }
/ cost load / { load[n + 1] = $NF }
/ cost [a-z-]+ [0-9]+$/ { val[n + 1, $(NF - 1)] = $NF / 1e6 }
/ cost done / {
	n++
	val[n, "freeze"] = left_ms - asked_ms
	val[n, "adopted"] = adopted_ms
	val[n, "init"] = init_ms - adopted_ms
	val[n, "tsc"] = first_tsc - asked_tsc
}

END {
	if (n < 10 || !rate) {
		print "figures are missing"
		exit 1
	}
	print "milliseconds. kexec: from asking for it to the next kernel's user space, of"
	print "that freeze: until the old kernel stops; by the next one's own clock IOMMU: until"
	print "it has adopted its tables, and init: from there to user space. back: then, until"
	print "devices are taken over; anew: what mapping and attaching them takes after a kexec"
	print "without a session, by which time DMA has long stopped"
	printf "%8s %10s %3s %9s %8s %8s %8s %8s %9s %9s\n", "mappings", "bytes each", \
		"of", "preserve", "kexec", "freeze", "IOMMU", "init", "back", "anew"
	for (i = 2; i <= n; i++) {
		split(load[i], w, ",")
		at[load[i]] = i
		printf "%8d %10d %3d %9.2f %8.1f %8.1f %8.1f %8.1f %9.2f %9.2f%s\n", \
			w[1], w[2], w[3], \
			val[i, "preserve-tables"] + val[i, "preserve-devices"], \
			val[i, "tsc"] / rate, val[i, "freeze"], val[i, "adopted"], val[i, "init"], \
			back(i), anew(i), w[4] ? " (tables " w[4] ")" : ""
	}
	one = at["1,4096,1"]
	print ""
	goal("IOMMU adopted, 512 MiB over 4 KiB", \
	     val[at["1,536870912,1"], "adopted"] / val[one, "adopted"], 1.02)
	goal("take-over, 512 MiB over 4 KiB", \
	     val[at["1,536870912,1"], "take-over"] / val[one, "take-over"], 1.1)
	goal("IOMMU adopted, 100,000 mappings over one", \
	     val[at["100000,4096,1"], "adopted"] / val[one, "adopted"], 1.1)
	goal("freeze, 100,000 mappings over one", \
	     val[at["100000,4096,1"], "freeze"] / val[one, "freeze"], 1.1)
	goal("take-over, 100,000 mappings, table inherited over built", \
	     val[at["100000,4096,1"], "take-over"] / \
	     val[at["100000,4096,1,built"], "take-over"], 0.1)
	exit missed
}
