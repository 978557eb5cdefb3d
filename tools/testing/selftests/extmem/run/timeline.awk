# SPDX-License-Identifier: GPL-2.0
# Of the stamps around one kexec, and the next kernel's log, make a timeline.
# The TSC is the clock; its rate comes from a long stretch within one kernel,
# and where the next kernel begins from its log's own time.
# -v want=wall_step_us prints only by how much its wall clock is off.

function since(label) { return (tsc[label] - tsc["stop"]) / mhz / 1000 }

function line(title, ms) {
	printf "  %-36s %9.1f ms %9.1f ms\n", title, ms - at, ms
	at = ms
}

# Only if bytes were compared, which is no part of the job
function sums(label) {
	if (label in tsc)
		line("(bytes compared from outside)", since(label))
}

# The last number of TEXT that PATTERN ends with, e.g. "after 12"
function number(text, pattern) {
	if (!match(text, pattern))
		return 0
	text = substr(text, RSTART, RLENGTH)
	match(text, /[0-9.]+$/)
	return substr(text, RSTART) + 0
}

function read_log(cmd, text, s) {
	cmd = "dmesg"
	while ((cmd | getline text) > 0) {
		s = number(text, "^\\[ *[0-9.]+")
		if (text ~ /devices restored/)
			there = s
		else if (text ~ /Run .* as init process/)
			up = s
		else if (text ~ / initcall extmem_(dax_)?init\+.* after /)
			own_us += number(text, "after [0-9]+")
		else if (text ~ /extmem: adopted /)
			adopt_us = number(text, "in [0-9]+")
	}
	close(cmd)
}

{ tsc[$1] = $2; log_us[$1] = $3; wall[$1] = $4 }

END {
	mhz = (tsc["kexec"] - tsc["begin"]) / (log_us["kexec"] - log_us["begin"])
	if (want == "wall_step_us") {
		printf "%.0f\n", wall["kexec"] - wall["first"] + \
			(tsc["first"] - tsc["kexec"]) / mhz
		exit
	}
	read_log()
	start = since("first") - log_us["first"] / 1000
	printf "  %-36s %12s %12s\n", "timeline", "took", "since stop"
	line("device state saved", since("saved"))
	sums("sum_before")
	line("kexec, next kernel begins", start)
	line("device there", start + there * 1000)
	line("kernel up: init runs", start + up * 1000)
	line("test machine's own start-up", since("first"))
	sums("sum_after")
	line("QEMU there, state restored", since("restored"))
	line("resumed", since("resumed"))
	printf "  %-36s %9.1f ms, %.3f %% (map adopted in %.1f ms)\n", \
		"of it in extmem's initcalls", own_us / 1000, \
		own_us / 10 / at, adopt_us / 1000
}
