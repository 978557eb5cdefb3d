# SPDX-License-Identifier: GPL-2.0
# Sourced by `vm` and in the machine: a shell line that runs the arguments
# exactly as they are, spaces, quotes, newlines and all.
quote_command() {
	printf exec
	for _arg; do
		printf " '"
		# the dot keeps newlines at the end from being lost
		printf '%s.' "$_arg" | sed "s/'/'\\\\''/g; \$s/\\.\$//"
		printf "'"
	done
	echo
}
