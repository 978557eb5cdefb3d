# SPDX-License-Identifier: GPL-2.0
# Sourced by the scripts of this folder: Debian packages of one version, unpacked into
# a temporary folder, without being installed.

set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
bed=$here/../tools/testing/selftests/extmem/bed
debs=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/extmem/findings
tmp=$(mktemp -d)
root=$tmp/root
cd "$tmp"
trap 'rm -rf "$tmp"' EXIT

die() { echo "${0##*/}: $*" >&2; exit 1; }

# said WHAT WANTED GOT: the finding stands as long as these are the same.
said() {
	[ "$2" = "$3" ] || die "$1: no longer so
wanted: $2
got:    $3"
	echo "$1: as found"
}

apt() { # TOOL ARG...
	_tool=$1
	shift
	"$_tool" -o Dir::State="$tmp/apt" -o Dir::State::lists="$tmp/apt/lists" \
		-o Dir::State::status="$tmp/apt/status" -o Dir::Cache="$tmp/apt/cache" \
		-o Dir::Cache::archives="$debs" -o Dir::Etc::sourcelist="$tmp/apt/sources" \
		-o Dir::Etc::sourceparts="$tmp/apt/none" -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts="$tmp/apt/none" -o APT::Architecture=amd64 \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
		-o Acquire::Retries=3 "$@"
}

# packages SUITES NAME=VERSION...: these and what they need, from the archive this
# machine uses, in $root. Signatures are checked by apt.
packages() {
	_suites=$1
	shift
	mkdir -p "$root" "$debs/partial" "$tmp/apt/lists/partial" "$tmp/apt/cache" \
		"$tmp/apt/none/partial"
	: >"$tmp/apt/status"
	for _suite in $_suites; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$("$bed/debian-uri") $_suite main"
	done >"$tmp/apt/sources"
	apt apt-get -qq update >&2 || die "no index of $_suites"
	# with a cache that is empty, or it would leave out what is there
	apt apt-get -o Dir::Cache::archives="$tmp/apt/none" -qq \
		--no-install-recommends --print-uris install "$@" |
		cut -d' ' -f2 >"$tmp/apt/files"
	apt apt-get -qq --no-install-recommends --download-only install "$@" \
		>"$tmp/apt/log" 2>&1 || { cat "$tmp/apt/log" >&2; die "no $*"; }
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	ln -s usr/bin "$root/bin"
	ln -s usr/sbin "$root/sbin"
	while read -r _deb; do
		dpkg -x "$debs/$_deb" "$root"
	done <"$tmp/apt/files"
}

# run PROGRAM ARG...: one of theirs, with their libraries.
run() {
	_lib=$root/usr/lib/x86_64-linux-gnu
	_program=$1
	shift
	QEMU_MODULE_DIR=$_lib/qemu "$root/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$_lib:$_lib/ceph:$_lib/systemd" "$root/usr/bin/$_program" "$@"
}
