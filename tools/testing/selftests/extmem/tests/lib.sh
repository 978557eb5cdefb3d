# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests: TAP on standard output, the rest on standard error.

here=$(cd "$(dirname "$0")/.." && pwd -P)
top=$(cd "$here/../../../.." && pwd -P)
build=${EXTMEM_BUILD:-$top/build}
src=$build/src-7.3
vm=$here/vm
test_n=0
test_bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ok() { test_n=$((test_n + 1)); echo "ok $test_n - $*"; }
skip() { test_n=$((test_n + 1)); echo "ok $test_n - $1 # SKIP $2"; }
not_ok() {
	test_n=$((test_n + 1)) test_bad=$((test_bad + 1))
	echo "not ok $test_n - $*"
}

# result DESC: what $? says.
result() {
	if [ $? -eq 0 ]; then ok "$@"; else not_ok "$@"; fi
}

# check DESC COMMAND...: it must succeed.
check() {
	_desc=$1
	shift
	"$@" >&2
	result "$_desc"
}

# expect DESC WANT GOT: two strings must be equal.
expect() {
	[ "$2" = "$3" ] || printf '%s\nwanted: %s\ngot:    %s\n' "$1" "$2" "$3" >&2
	[ "$2" = "$3" ]
	result "$1"
}

finish() { echo "1..$test_n"; exit $((test_bad > 0)); }
