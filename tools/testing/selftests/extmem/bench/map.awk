# SPDX-License-Identifier: GPL-2.0
# "BACKING WHAT NS" lines become a table, and the goals a verdict. Only the
# round that counts; an error in place of a figure is shown as it is.

function cell(kind, what,    v) {
	v = val[kind "," what]
	if (v ~ /^[0-9]+$/)
		return v < 1e6 ? sprintf("%.1f us", v / 1e3) : \
			sprintf("%.1f ms", v / 1e6)
	return v == "" ? "-" : "refused"
}

function pair(kind, how) {
	if (val[kind "," how "-map"] !~ /^[0-9]+$/)
		return cell(kind, how "-map")
	return cell(kind, how "-map") " / " cell(kind, how "-unmap")
}

function goal(text, value, limit, most) {
	ok = most ? value <= limit : value >= limit
	printf "%-58s %9.2f (at %s %g) %s\n", text, value, \
		most ? "most" : "least", limit, ok ? "met" : "MISSED"
	if (!ok)
		missed = 1
}

function over(a, b, what) {
	return val[a "," what] / val[b "," what]
}

$1 == "round" { counts = $2 == "count"; next }
!counts { next }
!($1 in seen) { kinds[++n] = $1; seen[$1] = 1 }
{ val[$1 "," $2] = $3; if (NF > 3) val[$1 "," $2] = "refused" }

END {
	if (!("extmem-1g" in seen) || !("hugetlb-1g" in seen)) {
		print "figures are missing"
		exit 1
	}
	printf "%-12s %10s %22s %22s %22s\n", "1 GiB of", "populate", \
		"type1 map / unmap", "IOAS_MAP / unmap", "IOAS_MAP_FILE / unmap"
	for (i = 1; i <= n; i++)
		printf "%-12s %10s %22s %22s %22s\n", kinds[i], \
			cell(kinds[i], "populate"), pair(kinds[i], "type1"), \
			pair(kinds[i], "ioas"), pair(kinds[i], "ioas-file")
	print ""
	goal("populate 2M, over devdax", over("extmem-2m", "devdax-2m", "populate"), 1.1, 1)
	goal("populate 1G, over devdax", over("extmem-1g", "devdax-1g", "populate"), 1.1, 1)
	goal("type1 map 1G, hugetlb over ours", over("hugetlb-1g", "extmem-1g", "type1-map"), 100)
	goal("iommufd unmap 1G, hugetlb over ours", over("hugetlb-1g", "extmem-1g", "ioas-file-unmap"), 100)
	goal("IOAS_MAP_FILE 1G, over hugetlb", over("extmem-1g", "hugetlb-1g", "ioas-file-map"), 1.1, 1)
	exit missed
}
