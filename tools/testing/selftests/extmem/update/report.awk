# SPDX-License-Identifier: GPL-2.0
# The results of an update test as a table, and as JSON in the file `json`.
# Exit status 1 if anything failed, or if a machine did not get where it should.

$1 == "chain" {
	n = $2
	mode[n] = $3
	nr_hops[n] = split($4, kernels, " ") - 1
	status[n] = $5
	chains = n
}
$1 == "running" { release[n, $3] = $4 }
$1 == "check" && $3 > 0 {
	if (!((n, $4) in seen)) {
		seen[n, $4] = 1
		checks[n] = checks[n] " " $4
	}
	verdict[n, $3, $4] = $5
	detail[n, $3, $4] = $6
}
# Before the first hop only trouble is told
$1 == "check" && $3 <= 0 { early[n] = early[n] "  " $4 ": " $6 "\n" }

function hop_fault(n, h) {
	if (!((n, h) in release))
		return "the machine did not get there"
	if (checks[n] == "" || (status[n] && h == nr_hops[n]))
		return "the machine ended badly (status " status[n] ")"
	return ""
}

function print_chain(n,   h, c, i, k, line, v) {
	line = release[n, 0]
	for (h = 1; h <= nr_hops[n]; h++)
		line = line " -> " ((n, h) in release ? release[n, h] : "?")
	if (mode[n] != "plain")
		line = line ", the map with an unknown bit in " mode[n]
	print line
	k = split(checks[n], c, " ")
	for (i = 1; i <= k; i++) {
		line = sprintf("  %-14s", c[i])
		for (h = 1; h <= nr_hops[n]; h++) {
			v = verdict[n, h, c[i]]
			line = line sprintf("  %-10s", v == "" ? "-" : v)
			if (v == "FAILED") {
				bad++
				faults = faults sprintf("  hop %d, %s: %s\n", h, c[i], detail[n, h, c[i]])
			}
		}
		print line
	}
	for (h = 1; h <= nr_hops[n]; h++)
		if (hop_fault(n, h) != "") {
			bad++
			faults = faults sprintf("  hop %d: %s\n", h, hop_fault(n, h))
		}
	if (early[n] != "") {
		bad++
		faults = faults early[n]
	}
	printf "%s\n", faults
	faults = ""
}

function print_hop(n, h,   c, i, k, sep) {
	printf "%s\n    { \"chain\": %d, \"map\": \"%s\", \"hop\": %d,\n", comma, n, mode[n], h >json
	printf "      \"before\": \"%s\", \"after\": \"%s\", \"fault\": \"%s\",\n",
		release[n, h - 1], release[n, h], hop_fault(n, h) >json
	printf "      \"checks\": {" >json
	k = split(checks[n], c, " ")
	for (i = 1; i <= k; i++) {
		printf "%s\n        \"%s\": { \"verdict\": \"%s\", \"detail\": \"%s\" }", sep, c[i],
			verdict[n, h, c[i]], detail[n, h, c[i]] >json
		sep = ","
	}
	printf "\n      } }" >json
	comma = ","
}

END {
	for (n = 1; n <= chains; n++)
		print_chain(n)
	printf "{ \"failed\": %d,\n  \"hops\": [", bad >json
	for (n = 1; n <= chains; n++)
		for (h = 1; h <= nr_hops[n]; h++)
			print_hop(n, h)
	print "\n  ]\n}" >json
	close(json)
	print bad ? bad " failed" : "nothing was lost"
	print "as JSON: " json
	exit bad ? 1 : 0
}
