# SPDX-License-Identifier: GPL-2.0
# "name fact value" lines become a table, and the goals a verdict. Of several
# runs the smallest value counts: the guest polls while it waits for a device,
# so a busy host only ever adds.

function row(name, title) {
	printf "%-40s %7.3f s %8.3f %8.0f MB %+8.0f MB\n", title, init(name), \
		init(name) / init("limit"), rss(name), rss(name) - rss("limit")
}

function init(name) { return least[name " init_us"] / 1e6 }
function rss(name) { return least[name " qemu_peak_rss_kb"] / 1000 }
function total(name) { return least["kexec." name " total_us"] / 1e6 }

function goal(text, value, limit, unit) {
	printf "%-46s %9.3f %-4s (at most %g) %s\n", text, value, unit, limit, \
		value <= limit ? "met" : "MISSED"
	if (value > limit)
		missed = 1
}

function kexec(name, title) {
	printf "%-40s %7.3f s %8.3f %8d %15.1f ms\n", title, total(name), \
		total(name) / total("empty"), least["kexec." name " claims"], \
		least["kexec." name " adopt_us"] / 1000
}

!(($1 " " $2) in least) || $3 < least[$1 " " $2] { least[$1 " " $2] = $3 + 0 }

END {
	printf "%-40s %9s %8s %11s %11s\n", "a 512 GiB machine, guest time", \
		"to init", "ratio", "QEMU takes", "over limit"
	row("limit", "first 4 GiB only (mem=6G): the limit")
	row("extmem", "extmem=1:508G")
	row("hugetlb", "hugetlb 504 x 1G, HVO")
	row("stock", "stock")
	printf "\n%-40s %9s %8s %8s %18s\n", "kexec to init, 508 GiB pool", \
		"took", "ratio", "claims", "adopted in"
	kexec("empty", "empty pool")
	kexec("full", "all of it in one claim")
	kexec("claims", "10,000 claims of 2 MiB")
	print ""
	goal("init, over the limit", (init("extmem") / init("limit") - 1) * 100, 5, "%")
	goal("QEMU's resident memory, over the limit", rss("extmem") - rss("limit"), 32, "MB")
	goal("map, per TiB of pool", least["extmem map_bytes"] / 1024 / \
	     (least["extmem pool_bytes"] / 2 ^ 40), 128, "KiB")
	goal("kexec, full pool over empty", (total("full") / total("empty") - 1) * 100, 1, "%")
	goal("adopting 10,000 claims, of that boot", 100 * \
	     least["kexec.claims adopt_us"] / least["kexec.claims init_us"], 1, "%")
	exit missed
}
