# SPDX-License-Identifier: GPL-2.0
# From a console log with stamps: for each kexec, what was loaded, the time
# from asking for it to the next kernel's init, that kernel's share of it, and
# what it said about adoption; as "kexec.LOAD fact value".

function log_us() {
	match($0, /[0-9]+\.[0-9]+/)
	return substr($0, RSTART, RLENGTH) * 1e6
}

/Run .* as init process/ { init_us = log_us() }

/extmem: adopted / {
	match($0, /with [0-9]+ claims/)
	claims = substr($0, RSTART + 5) + 0
	match($0, /in [0-9]+ us/)
	adopt_us = substr($0, RSTART + 3) + 0
}

/ stamp first / {
	first_us = log_us()
	first_tsc = $NF
	pending = load
}

/ stamp (empty|full|claims) / {
	mhz = ($NF - first_tsc) / (log_us() - first_us)
	if (pending)
		done()
	load = $(NF - 1)
	asked_tsc = $NF
}

# The last kernel has no second stamp; the rate is the same.
END { if (load) { pending = load; done() } }

function done() {
	printf "kexec.%s total_us %.0f\n", pending, \
		(first_tsc - asked_tsc) / mhz - (first_us - init_us)
	print "kexec." pending, "init_us", init_us
	print "kexec." pending, "adopt_us", adopt_us
	print "kexec." pending, "claims", claims
	pending = ""
}
