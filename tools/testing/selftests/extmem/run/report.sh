# SPDX-License-Identifier: GPL-2.0
# Sourced by job: what became of the guests, in aligned lines. A check that
# fails says so and ends with status 1.

row() { # TITLE TEXT...
	_title=$1
	shift
	printf '  %-18s %s\n' "$_title" "$*"
}

mib() { echo "$(($1 >> 20)) MiB"; }
seconds() { echo "$1" | awk '{ printf "%.2f s", $1 / 1e6 }'; }

pages() {
	_p=$(kvm_pages)
	echo "$(value 1g "$_p") pages of 1 GiB, $(value 2m "$_p") of 2 MiB," \
		"$(value 4k "$_p") of 4 KiB"
}

lost() { echo "FAILED: $name $*" >&2; exit 1; }

# The guest compares every byte it wrote.
check_bytes() {
	v=$(ask verify) || exit
	[ "$(value bad "$v")" = 0 ] ||
		lost "lost $(value bad "$v") of $(value bytes "$v") bytes," \
			"the first at guest address $(value first "$v")"
}

# So does the host, for the whole device.
check_sum() {
	is=$("$bin/daxsum" "$(device)") || exit
	was=$(cat "$keep/sum")
	[ "$is" = "$was" ] ||
		lost "has other bytes: the device's sum was $was, is $is"
}

check_life() { # BEFORE AFTER
	[ "$(value life "$2")" = "$(value life "$1")" ] ||
		lost "was booted anew"
	for key in count uptime_us; do
		[ "$(value $key "$2")" -gt "$(value $key "$1")" ] ||
			lost "lost its $key: $1, now $2"
	done
}

# refused COMMAND...: it must fail because the device is busy.
refused() {
	if _said=$("$@" 2>&1); then
		lost "runs on a device that could be taken away: $*"
	fi
	case $_said in
	*"Device or resource busy"*) ;;
	*) lost "holds its device, but not as busy: $*: $_said" ;;
	esac
}

# What an administrator could do to a running guest's memory by mistake.
check_held() {
	_dev=$(device)
	refused daxctl destroy-device -f "$_dev"
	refused daxctl disable-device "$_dev"
	refused sh -c "echo $((GUEST_MIB << 19)) | tee /sys/bus/dax/devices/$_dev/size"
	refused sh -c "echo $_dev | tee /sys/bus/dax/drivers/device_dax/unbind"
	row "  while it runs" "destroy, disable, shrink, unbind: refused as busy"
}

check_guest() {
	before=$(cat "$keep/before")
	after=$(ask status) || exit
	check_life "$before" "$after"
	row "$name kept" "uptime: $(seconds "$(value uptime_us "$before")")," \
		"now $(seconds "$(value uptime_us "$after")")"
	row "" "count: $(value count "$before"), now $(value count "$after")"
	check_held
	check_bytes || exit
	row "" "every byte: $(mib "$(value bytes "$v")") compared inside, 0 differ"
	[ $sum = n ] || row "" "$GUEST_MIB MiB of /dev/$(device) compared" \
		"outside, equal, sum $(cat "$keep/sum")"
	row "  it was away" "$(seconds "$(value away_us "$after")") by its RTC," \
		"$(seconds "$(value gap_us "$after")") by CLOCK_MONOTONIC's largest step"
	check_pages
}

check_pages() {
	_p=$(kvm_pages)
	row "  KVM maps it by" "$(pages)"
	[ $(($(value 1g "$_p") + $(value 2m "$_p"))) -gt 0 ] ||
		lost "is mapped in small pages only"
}

report() {
	echo "kexec $round of $kexecs"
	awk -f "$bin/timeline.awk" "$all/stamps"
	each check_guest
}
