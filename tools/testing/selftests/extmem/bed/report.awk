# SPDX-License-Identifier: GPL-2.0
# Print what the kernel complained about on its console: each report from its
# first line on, 40 lines of it. -v allow=REGEX names messages a test provokes
# on purpose. Exit status 1 if anything was found.

BEGIN {
	start = "^(BUG: |WARNING: |Oops|UBSAN: |general protection fault|" \
		"Kernel panic - not syncing|INFO: task .* blocked for more|" \
		"INFO: trying to register non-static key|rcu: INFO: |" \
		"watchdog: BUG: |Bad page |BUG [a-z0-9_-]+ .*: |" \
		"kmemleak: [0-9]+ new suspected|stack segment|" \
		"(INFO|WARNING): .*(lock|RCU)|kernel BUG at |" \
		"ODEBUG: |list_(add|del) corruption|" \
		"usercopy: |divide error|invalid opcode|double fault|" \
		"this boot was not asked for)"
}

{
	sub(/\r$/, "")
	text = $0
	while (match(text, /^(\[ *[0-9]+\.[0-9]+\] ?|\[ *[TC][0-9]+\] ?)/))
		text = substr(text, RLENGTH + 1)
}

text ~ start && !(allow != "" && text ~ allow) {
	found++
	left = 40
}

left > 0 {
	if (printed++ < 200)
		print
	left--
}

END { exit found ? 1 : 0 }
