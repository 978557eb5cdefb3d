# SPDX-License-Identifier: GPL-2.0
# "clean|dirty MIB NS" and "NAME qemu_peak_rss_kb KB" lines become a table, and
# the goals a verdict. The first device warms up; the second of its size counts.

function us(which, mib) {
	return (which "," mib) in ns ? \
		sprintf("%9.0f us", ns[which "," mib] / 1000) : "-"
}

function goal(text, value, limit, unit) {
	printf "%-50s %8.2f %-3s (at most %g) %s\n", text, value, unit, limit, \
		value <= limit ? "met" : "MISSED"
	if (value > limit)
		missed = 1
}

$2 == "qemu_peak_rss_kb" { rss[$1] = $3 }
$1 ~ /^(clean|dirty)$/ && $2 ~ /^[0-9]+$/ {
	ns[$1 "," $2] = $3
	if ($1 == "clean")
		sizes = (seen[$2]++) ? sizes : sizes " " $2
}

END {
	n = split(sizes, size)
	if (!n || !rss["idle"] || !rss["clean"]) {
		print "figures are missing"
		exit 1
	}
	printf "%-18s %12s %12s\n", "a device of", "clean", "dirty"
	for (i = 1; i <= n; i++)
		printf "%12d MiB   %12s %12s\n", size[i], us("clean", size[i]), \
			us("dirty", size[i])
	print ""
	goal("clean, 64 GiB over 2 MiB", ns["clean,65536"] / ns["clean,2"], 2, "")
	goal("QEMU's memory, 73 GiB of clean devices over none", \
	     (rss["clean"] - rss["idle"]) / 1000, 16, "MB")
	exit missed
}
