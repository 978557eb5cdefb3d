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

# build_programs: our own C programs, into $programs.
programs=$build/selftests
build_programs() {
	mkdir -p "$programs"
	_headers=$("$here/bed/kernel-headers") &&
		flock "$build/.lock-programs" make -s -C "$src/tools/testing/selftests/extmem" \
			KHDR_INCLUDES="-isystem $_headers" \
			OUTPUT="$programs" >&2
	result "build the test programs"
}

# build_tool: the extmem tool, beside them. It is linked to the host's libraries,
# whose names are the test machine's as well.
build_tool() {
	mkdir -p "$programs/tool"
	flock "$build/.lock-tool" make -s -C "$src/tools/extmem" OUTPUT="$programs/tool/" \
		CFLAGS="-O2 -Werror" >&2
	result "build the tool"
}

# merge_tap FILE: the results of programs that ran one after the other, as
# results of ours. Each announces how many there are to come.
merge_tap() {
	_planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$1" |
		awk '{ n += $1 } END { print n + 0 }')
	_before=$test_n
	while read -r _word _rest; do
		case $_word,$_rest in
		ok,*) ok "${_rest#* }" ;;
		not,ok*) _rest=${_rest#ok }; not_ok "${_rest#* }" ;;
		esac
	done <"$1"
	expect "all results are in" "$_planned" $((test_n - _before))
}
