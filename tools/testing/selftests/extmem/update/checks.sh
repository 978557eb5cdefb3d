# SPDX-License-Identifier: GPL-2.0
# Sourced in the machine: what must be the same after an update. A check is a
# word in one of the lists and a function.
sys=/sys/bus/dax/devices
pools=/sys/kernel/mm/extmem
hwpoison=/sys/kernel/debug/hwpoison/corrupt-pfn

# snap_CHECK prints what the next kernel has to print as well. It fails if this
# kernel has no such thing: then the check is "not there", and what was printed
# before stays to be compared with what a later kernel says.
snapshots="ids sizes alignment uuids extents names owners claims free dirty
	quarantine poison"

devices() {
	for _d in "$sys"/dax*; do
		[ ! -e "$_d/size" ] || [ "$(cat "$_d/size")" = 0 ] || echo "${_d##*/}"
	done
}

of_devices() { # ATTRIBUTE...
	for _d in $(devices); do
		for _a; do
			[ -e "$sys/$_d/$_a" ] || return 1
			echo "$_d $_a $(cat "$sys/$_d/$_a")"
		done
	done
}

of_pools() { # FILE
	for _n in "$pools"/node*; do
		[ -e "$_n/$1" ] || return 1
		sed "s/^/${_n##*/} /" "$_n/$1"
	done
}

snap_ids() { devices; }
snap_sizes() { of_devices size; }
snap_alignment() { of_devices align; }
snap_uuids() { of_devices extmem/uuid; }
snap_extents() {
	for _d in $(devices); do
		(cd "$sys/$_d" && grep -H . mapping*/* | sed "s/^/$_d /")
	done
}
snap_names() { of_devices extmem/name; }
snap_owners() { of_devices extmem/uid extmem/gid extmem/mode extmem/persist; }
snap_claims() { of_pools claims; }
snap_free() { of_pools free_bytes; }
snap_dirty() { of_pools dirty_bytes; }
snap_quarantine() {
	[ ! -e /state/no-quarantine ] || return 1
	of_pools quarantined_bytes
	of_pools quarantine_reasons |
		grep -E "^node[0-9]+ 0x[0-9a-f]+-0x[0-9a-f]+: " || :
}
snap_poison() { of_pools poison; }

# test_CHECK says what is wrong, and fails; or is silent.
tests="bytes zeroed"

test_bytes() {
	while read -r _d _seed; do
		_said=$(dax_tool check "$_d" "$_seed" 2>&1) || {
			echo "$_d: $_said"
			return 1
		}
	done </state/seeds
}

# All that is free and was somebody's, in a new device: zero, and left dirty
test_zeroed() {
	_free=$(cat /sys/bus/platform/devices/extmem.0/dax_region/available_size)
	_new=$(dax_tool create 0 "$_free" 4096 2>&1) || {
		echo "no new device of $_free bytes: $_new"
		return 1
	}
	_said=$(dax_tool zero "$_new" 2>&1) || {
		echo "a new owner sees old data: $_said"
		return 1
	}
	dax_tool fill "$_new" 99 && dax_tool destroy "$_new"
}

# Maps with features this kernel does not know. Old claims may be given up.
test_refused() {
	_new=$(dax_tool create 0 2097152 4096 2>&1) && {
		echo "made $_new"
		return 1
	}
	_old=$(tail -n 1 /state/seeds)
	_old=${_old% *}
	_claims=$(snap_claims)
	sed -i '$d' /state/seeds
	dax_tool destroy "$_old" || { echo "$_old can't be given up"; return 1; }
	[ "$(snap_claims)" != "$_claims" ] || { echo "$_old is still a claim"; return 1; }
}

test_handed_on() {
	[ "$(cat "$pools/$mode" 2>&1)" = $feature ] ||
		{ echo "$mode is $(cat "$pools/$mode" 2>&1)"; return 1; }
}

test_all_kept_away() {
	for _n in "$pools"/node*; do
		[ "$(cat "$_n/quarantined_bytes")" = "$(cat "$_n/total_bytes")" ] ||
			{ echo "${_n##*/}: not all in quarantine"; return 1; }
		grep -q 'features this kernel does not know' "$_n/quarantine_reasons" ||
			{ echo "${_n##*/}: no reason given"; return 1; }
	done
	[ -z "$(devices)" ] || { echo "devices: $(devices | tr '\n' ' ')"; return 1; }
}

# Was extmem check-update right in the former kernel?
test_foretold() {
	_is=no
	[ -z "$(devices)" ] || _is=no-new-claims
	if _new=$(dax_tool create 0 2097152 4096 2>&1); then
		_is=yes
		dax_tool destroy "$_new"
	fi
	[ "$_is" = "$(cat /state/foretold)" ] ||
		{ echo "\"$(cat /state/foretold)\", but it is \"$_is\""; return 1; }
}
