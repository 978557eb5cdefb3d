# SPDX-License-Identifier: GPL-2.0
# Sourced by the bed's scripts: where things are, and how to say what happens.

bed=$(cd "${bed:-$(dirname "$0")}" && { [ -f lib.sh ] || cd bed; } && pwd -P)
top=$(cd "$bed/../../../../.." && pwd -P)
build=${EXTMEM_BUILD:-$top/build}
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/extmem
version=${VERSION:-7.3}
src=$build/src-$version
kname=kernel
[ "$version" = 7.3 ] || kname=kernel-$version
rootfs=$build/rootfs
jobs=${JOBS:-$(nproc)}
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

case $version in
7.2 | 7.3) ;;
*) die "VERSION=$version: there are patches for 7.2 and 7.3" ;;
esac

# Seconds as m:ss.
clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# tick NOTE START: one line that is rewritten on a terminal; elsewhere a line
# every half minute, so that a log stays short.
tick() {
	_now=$(($(date +%s) - $2))
	if [ -t 2 ]; then
		printf '\r  %-58s %6s\033[K' "$1" "$(clock $_now)" >&2
	elif [ $((_now / 30)) -ne "${_said:-0}" ]; then
		_said=$((_now / 30))
		printf '  %-58s %6s\n' "$1" "$(clock $_now)" >&2
	fi
}

# logged TITLE LOG COMMAND...: run with its output in LOG, and show how far it
# is by the lines it has written. On failure the errors and the log's end.
logged() {
	_title=$1 _log=$2 _start=$(date +%s) _said=0
	shift 2
	mkdir -p "${_log%/*}"
	"$@" >"$_log" 2>&1 </dev/null &
	_pid=$!
	trap 'kill $_pid 2>/dev/null; exit 130' INT TERM
	while kill -0 $_pid 2>/dev/null; do
		sleep 0.5
		tick "$_title: $(wc -l <"$_log") steps" "$_start"
	done
	wait $_pid && _rc=0 || _rc=$?
	trap - INT TERM
	[ -t 2 ] && printf '\r\033[K' >&2
	if [ $_rc -eq 0 ]; then
		printf '  %-58s %6s\n' "$_title" \
			"$(clock $(($(date +%s) - _start)))" >&2
	else
		say "$_title failed (exit status $_rc); from $_log:"
		grep -nE '(error|Error|ERROR)[: ]' "$_log" | head -n 15 >&2
		say "..."
		tail -n 15 "$_log" >&2
	fi
	return $_rc
}

# One writer at a time for what all builds share.
lock() {
	mkdir -p "$build"
	exec 9>"$build/.lock-$1"
	flock 9
}
unlock() { exec 9>&-; }

# update FILE: standard input becomes FILE, whose time changes only if its
# content does.
update() {
	cat >"$1.new"
	if cmp -s "$1.new" "$1"; then rm -f "$1.new"; else mv "$1.new" "$1"; fi
}

# series VERSION: the patches for that kernel, in order. 7.3's are the rule; a
# file in another version's folder takes the place of the one of the same name,
# or comes on top. An empty one leaves it out.
series() {
	for _p in $( (cd "$top/patches" && ls 7.3 "$1") | grep '\.patch$' | sort -u); do
		_of=7.3
		[ ! -f "$top/patches/$1/$_p" ] || _of=$1
		[ ! -s "$top/patches/$_of/$_p" ] || echo "$top/patches/$_of/$_p"
	done
}
