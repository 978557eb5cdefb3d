# SPDX-License-Identifier: GPL-2.0
# "KIND MIB WHAT NS" and "KIND MIB init_us US" lines become a table, and the goals
# a verdict. The smallest value counts: to wait for a device only ever adds.

function text(ns, sign) {
	if (ns < 0)
		return "-" text(-ns)
	return sign (ns < 1e6 ? sprintf("%.1f us", ns / 1e3) : \
		sprintf("%.1f ms", ns / 1e6))
}

function growth(k) { return val[k " boot"] - val["nothing 0 boot"] }

function goal(name, value, limit, unit) {
	printf "%-58s %9.2f %-2s (at most %g) %s\n", name, value, unit, limit, \
		value <= limit ? "met" : "MISSED"
	if (value > limit)
		missed = 1
}

function ratio(what) {
	return val["extmem 4096 " what] / val["extmem 2 " what]
}

$1 == "warm" { next }
!(($1 " " $2) in seen) { kinds[++n] = $1 " " $2; seen[$1 " " $2] = 1 }
$3 == "init_us" { $3 = "boot"; $4 *= 1000 }
!(($1 " " $2 " " $3) in val) || $4 < val[$1 " " $2 " " $3] {
	val[$1 " " $2 " " $3] = $4 + 0
}

END {
	if (!("memfd-4k 1024 retrieve" in val) || !("nothing 0 boot" in val)) {
		print "figures are missing"
		exit 1
	}
	printf "%-22s %10s %12s %10s %10s %10s\n", "in a LUO session", \
		"preserve", "boot grows", "retrieve", "finish", "free"
	for (i = 1; i <= n; i++) {
		k = kinds[i]
		if (k == "nothing 0")
			continue
		split(k, w)
		printf "%-11s %6d MiB %10s %12s %10s %10s %10s\n", w[1], w[2], \
			text(val[k " preserve"]), text(growth(k), "+"), \
			text(val[k " retrieve"]), text(val[k " finish"]), \
			text(val[k " free"])
	}
	print ""
	goal("preserve, 4 GiB over 2 MiB", ratio("preserve"), 1.2)
	goal("retrieve, 4 GiB over 2 MiB", ratio("retrieve"), 1.2)
	goal("boot with 4 GiB in a session, over one with nothing", \
	     100 * growth("extmem 4096") / val["nothing 0 boot"], 1, "%")
	exit missed
}
