# SPDX-License-Identifier: GPL-2.0
# Sourced: the tree of the commit OLD beside this one, in build/bench, to be compared
# with. It is built with the options that this tree has.

commit=${OLD:-1fc2d34}
old=$build/bench/old-$commit

build_old() { # with BENCH=1 and so on
	mkdir -p "$old"
	git -C "$top" archive "$commit" | tar -x -C "$old" ||
		die "no commit $commit here (a shallow clone?)"
	cp "$bed"/configs/* "$old/tools/testing/selftests/extmem/bed/configs/"
	cp "$bed/configure-kernel" "$old/tools/testing/selftests/extmem/bed/"
	EXTMEM_BUILD=$old/build "$old/tools/testing/selftests/extmem/bed/build-kernel"
}
