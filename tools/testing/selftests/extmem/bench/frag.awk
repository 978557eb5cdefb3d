# SPDX-License-Identifier: GPL-2.0
# "who.trace fact value" lines become a table.

function row(who, trace) {
	k = who "." trace " "
	if (!((k "asked") in v))
		gone = 1
	printf "%-22s %8d %8d %8.2f %10.1f %% %10.1f %% %10.1f %% %10.1f %%\n", \
		trace ", " who, v[k "asked"], v[k "failed"], \
		v[k "pieces"] / (v[k "asked"] - v[k "failed"]), \
		v[k "largest_ppm"] / 1e4, v[k "largest_mean_ppm"] / 1e4, \
		v[k "whole_ppm"] / 1e4, v[k "whole_mean_ppm"] / 1e4
}

function goal(trace) {
	ours = v["extmem." trace " whole_mean_ppm"]
	theirs = v["first-fit." trace " whole_mean_ppm"]
	ok = ours >= theirs && v["extmem." trace " failed"] <= v["first-fit." trace " failed"]
	printf "%s: no fewer whole gigabytes left, no more requests failed: %s\n", \
		trace, ok ? "met" : "MISSED"
	if (!ok)
		missed = 1
}

{ v[$1 " " $2] = $3 }

END {
	printf "%-22s %8s %8s %8s %25s %25s\n", "100,000 cycles, a pool", "", "", \
		"pieces/", "largest free run / free", "whole gigabytes / free"
	printf "%-22s %8s %8s %8s %12s %12s %12s %12s\n", "three quarters full", \
		"asked", "failed", "claim", "at the end", "mean", "at the end", "mean"
	row("extmem", "mixed")
	row("first-fit", "mixed")
	row("extmem", "small")
	row("first-fit", "small")
	print ""
	if (gone) {
		print "figures are missing"
		exit 1
	}
	goal("mixed")
	goal("small")
	exit missed
}
