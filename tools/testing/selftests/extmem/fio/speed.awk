# SPDX-License-Identifier: GPL-2.0
# "KIND LOAD KIB/S" lines become a table, and the goals a verdict.

function row(kind, title,  i) {
	printf "%-34s", title
	for (i = 1; i <= loads; i++)
		printf " %9.0f", rate[kind, load[i]] / 1024
	print ""
}

# Two per cent is what the layout of a program's data makes.
function goal(kind, peer,  i, ratio, least) {
	least = rate[kind, load[1]] / rate[peer, load[1]]
	for (i = 2; i <= loads; i++) {
		ratio = rate[kind, load[i]] / rate[peer, load[i]]
		least = ratio < least ? ratio : least
	}
	printf "%-12s over %-12s %6.2f in the worst case (at least 0.98) %s\n", \
		kind, peer, least, (least >= 0.98) ? "met" : "MISSED"
	if (least < 0.98)
		missed = 1
}

NF == 3 && $3 > 0 { rate[$1, $2] = $3; n++ }

END {
	loads = split("first write read randwrite randread", load)
	if (n != 8 * loads) {
		print "figures are missing"
		exit 1
	}
	printf "%-34s %9s %9s %9s %9s %9s\n", "MiB/s, by fio's mmap engine", \
		"first", "write", "read", "rand. wr.", "rand. rd."
	row("extmem-1G", "extmem, align 1G")
	row("extmem-2M", "extmem, align 2M")
	row("extmem-4K", "extmem, align 4K")
	row("dev-dax-2M", "extmem, align 2M, dev-dax engine")
	row("hugetlb-1G", "hugetlb 1G")
	row("hugetlb-2M", "hugetlb 2M")
	row("memfd", "memfd")
	row("anonymous", "anonymous, shared")
	print ""
	goal("extmem-1G", "hugetlb-1G")
	goal("extmem-2M", "hugetlb-2M")
	goal("extmem-4K", "memfd")
	goal("extmem-4K", "anonymous")
	exit missed
}
