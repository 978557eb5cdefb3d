# SPDX-License-Identifier: GPL-2.0
# Sourced in the test machine by what leaves a command for the next boot.
. /bed/bin/quote.sh

die() { echo "${0##*/}: $*" >&2; exit 125; }

# What was printed so far must be out before this kernel is gone.
flush_output() {
	rm -f /run/relay.drained
	kill -USR1 "$(cat /run/relay.pid)" 2>/dev/null || return 0
	while [ ! -e /run/relay.drained ]; do sleep 0.01; done
}
