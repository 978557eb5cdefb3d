#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# libvirt 11.3.0 (Debian 11.3.0-3+deb13u3) takes <path> in the <source> of a <memory> of
# model dimm or virtio-mem, and <alignsize> in that of virtio-pmem, defines the domain
# and drops them: no error, no warning, nothing in the log. The guest then starts on
# ordinary memory of the host instead of the file or device that was named, or without
# the alignment. Model nvdimm keeps both. Seen, what `virsh dumpxml` has of <source>:
#	dimm: nothing
#	virtio-mem: nothing
#	virtio-pmem: path
#	nvdimm: path alignsize
. "$(dirname "$0")/lib.sh"

packages trixie libvirt-clients=11.3.0-3+deb13u3
domain() { # MODEL
	case $1 in
	virtio-mem) _more='<requested unit="MiB">512</requested><block unit="MiB">2</block>' ;;
	*) _more= ;;
	esac
	case $1 in
	virtio-pmem) _node= _access=' access="shared"' ;;
	*) _node='<node>0</node>' _access= ;;
	esac
	cat <<EOT
<domain type='test'><name>$1</name><memory unit='GiB'>1</memory>
<maxMemory slots='4' unit='GiB'>4</maxMemory><vcpu>1</vcpu>
<cpu><numa><cell id='0' cpus='0' memory='1' unit='GiB'/></numa></cpu>
<os><type arch='x86_64'>hvm</type></os>
<devices><memory model='$1'$_access>
<source><path>/dev/dax0.1</path><alignsize unit='GiB'>1</alignsize></source>
<target><size unit='MiB'>512</size>$_node$_more</target>
</memory></devices></domain>
EOT
}
# What is left of <source>.
kept() { # MODEL
	domain "$1" >"$tmp/$1.xml"
	run virsh -q -c test:///default "define $tmp/$1.xml; dumpxml $1" >"$tmp/out" 2>"$tmp/err"
	sed -n '/<memory model/,/<\/memory>/p' "$tmp/out" >"$tmp/kept"
	grep -q '<size' "$tmp/kept" || { cat "$tmp/out" "$tmp/err"; return; }
	cat "$tmp/err"
	grep -oE '<(path|alignsize)' "$tmp/kept" | tr -d '<'
}
said "libvirt's version" 11.3.0 "$(run virsh --version)"
said "of dimm's source is left" "" "$(echo $(kept dimm))"
said "of virtio-mem's" "" "$(echo $(kept virtio-mem))"
said "of virtio-pmem's" path "$(echo $(kept virtio-pmem))"
said "of nvdimm's" "alignsize path" "$(echo $(kept nvdimm | sort))"
