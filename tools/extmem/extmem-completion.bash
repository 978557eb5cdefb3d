# SPDX-License-Identifier: GPL-2.0
# Completion of extmem(8) for bash.

_extmem_commands="status watch list map create set resize destroy rename qemu-args
	verify check-update"

# Names and devices of all claims
_extmem_claims()
{
	local dir name

	for dir in /sys/bus/dax/devices/dax*/extmem; do
		# every file of sysfs has a size; only what is read tells
		read -r name 2>/dev/null <"$dir/uuid" && [ "$name" ] || continue
		read -r name 2>/dev/null <"$dir/name" && [ "$name" ] && echo "$name"
		dir=${dir%/extmem}
		echo "${dir##*/}"
	done
}

_extmem_nodes()
{
	local dir

	for dir in /sys/kernel/mm/extmem/node*; do
		[ ! -d "$dir" ] || echo "${dir##*/node}"
	done
}

_extmem_options()
{
	case $1 in
	create)
		echo --node --size --align --name --uid --gid --mode --persist --memmap
		;;
	set) echo --name --uid --gid --mode --persist --memmap ;;
	list) echo --node --name --uid --state --session --persist --used ;;
	qemu-args) echo --id --uuid ;;
	map) echo --svg ;;
	watch) echo -n ;;
	check-update) echo --map ;;
	esac
	echo --json
}

_extmem_words()
{
	case $2 in
	--node) _extmem_nodes; return ;;
	--align) echo 4K 2M 1G; return ;;
	--persist | --memmap | --used) echo 0 1; return ;;
	--state) echo enabled disabled memmap system-ram; return ;;
	--session) echo none outgoing incoming; return ;;
	--uid) compgen -u; return ;;
	--gid) compgen -g; return ;;
	--*[a-z] | -n) [ "$2" = --json ] || return ;;
	esac
	case $1,$3 in
	*,-*) _extmem_options "$1" ;;
	destroy,* | rename,* | set,* | resize,* | list,* | qemu-args,*) _extmem_claims ;;
	help,*) echo "$_extmem_commands" ;;
	esac
}

# Files are completed by what expands nothing: their names are anybody's
_extmem_files()
{
	case $1,$2,$3 in
	*,--svg,* | check-update,--map,*) ;;
	check-update,*,[!-]* | check-update,*,) ;;
	*) return 1 ;;
	esac
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$3")
}

_extmem()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words

	if [ "$COMP_CWORD" -gt 1 ] &&
		_extmem_files "${COMP_WORDS[1]}" "$prev" "$cur"; then
		return
	elif [ "$COMP_CWORD" -eq 1 ]; then
		words="$_extmem_commands help --help --json --version"
	else
		words=$(_extmem_words "${COMP_WORDS[1]}" "$prev" "$cur")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _extmem extmem
