# SPDX-License-Identifier: GPL-2.0
# The bed around the kernel overlay: everything real is in the scripts of
# tools/testing/selftests/extmem; this file only names them.

S := tools/testing/selftests/extmem
DEBUG ?= 0
MODULES ?= 0
EXTMEM ?= y
export DEBUG EXTMEM MODULES KSRC JOBS C VERSION FROM TO ROUNDS SEED LIMIT OPS KEXECS

.PHONY: help deps kernel rootfs shell vm run bench-boot bench-alloc bench-create bench-frag \
	bench-map bench-clear bench-blackout fio test test-dma test-dma-controls test-update test-soak \
	test-random test-faults test-damage arrows clean

help:
	@echo 'make deps            install the Debian packages that are missing (root)'
	@echo 'make kernel          fetch, patch and build the kernel in build/kernel'
	@echo '  DEBUG=1            with KASAN, lockdep, UBSAN, kmemleak: build/kernel-debug'
	@echo '  VERSION=7.2        of Linux 7.2 instead of 7.3: build/kernel-7.2'
	@echo '  MODULES=1          with VFIO and iommufd as modules: build/kernel-modules'
	@echo '  EXTMEM=n           with every option of ours off: build/kernel-off'
	@echo '  KSRC=path          from a kernel tree of your own'
	@echo '  JOBS=n             compile n files at a time (default: one a CPU)'
	@echo 'make rootfs          the test machine'\''s Debian 13: build/rootfs.img'
	@echo 'make shell           a shell in the test machine'
	@echo 'make vm C="COMMAND"   a shell command in the test machine; A="OPTION..." for vm'
	@echo 'make run             a VM on extmem memory lives through kexecs of its host'
	@echo 'make bench-boot      what a 512 GiB pool costs at boot and kexec, beside peers'
	@echo 'make bench-alloc      what claims cost in pools of up to 64 TiB, beside CMA and the'
	@echo '                     kernel of an older commit; OLD=commit, OLD=none: without'
	@echo 'make bench-create     what making a device costs, on clean and dirty memory'
	@echo 'make bench-frag       what is left in one piece after 100,000 claims'
	@echo 'make bench-map       populating it, mapping it for DMA, beside peers'
	@echo 'make bench-clear      who clears what at whose cost, beside the kernel before'
	@echo 'make bench-blackout   how long devices are without a host over a kexec'
	@echo 'make fio             fio verifies devices over kexecs, and how fast they are'
	@echo 'make test-update     7.2 and 7.3 replace each other; FROM=bzImage TO=bzImage: yours'
	@echo 'make test-dma         devices go on with their DMA over ROUNDS kexecs (20)'
	@echo 'make test-dma-controls  they notice what is undone; T=NAME: only this'
	@echo 'make test-soak       1,000 kexecs that must lose nothing; ROUNDS=n SEED=n'
	@echo 'make test-random     1,000,000 operations on raw claims against a model; OPS=n KEXECS=n SEED=n'
	@echo 'make test-faults     every allocation of an operation fails in its turn; T=OPERATION...'
	@echo 'make test-damage     10,000 damaged hand-over maps are taken over; ROUNDS=n SEED=n'
	@echo 'make test            build all and run every test; T=NN-name runs some'
	@echo 'make arrows          whether the layers of our directories are kept to'
	@echo 'make clean           remove build/'
	@echo
	@echo 'A command in the test machine: $(S)/vm --help'

deps:
	@$(S)/bed/deps

kernel: deps
	@$(S)/bed/build-kernel

rootfs: deps
	@$(S)/bed/mkrootfs

shell: kernel rootfs
	@$(S)/vm --shell --append extmem=0:1G,1:1G

vm: kernel rootfs
	@$(S)/vm $(A) -- sh -c "$$C"

run: kernel rootfs
	@$(S)/run/run.sh

bench-boot: kernel rootfs
	@$(S)/bench/boot.sh

bench-alloc: rootfs
	@$(S)/bench/alloc.sh

bench-create: kernel rootfs
	@$(S)/bench/create.sh

bench-frag: rootfs
	@$(S)/bench/alloc.sh frag

bench-map: kernel rootfs
	@$(S)/bench/map.sh

bench-clear: kernel rootfs
	@$(S)/bench/clear.sh

bench-blackout: kernel rootfs
	@$(S)/bench/blackout.sh

fio: kernel rootfs
	@$(S)/fio/fio.sh

arrows:
	@$(S)/bed/arrows

test: deps
	@$(S)/run-tests $(T)

# Of our own kernels only those that will be tried are built
test-update: rootfs
	@[ -n "$(FROM)" ] || VERSION=7.2 $(S)/bed/build-kernel
	@[ -n "$(TO)" ] || VERSION=7.3 $(S)/bed/build-kernel
	@$(S)/update/update.sh

test-dma: deps
	@ROUNDS=$(or $(ROUNDS),20) MODES="$(or $(MODES),legacy second first debug)" \
		$(S)/run-tests 83-guest-dma 84-dma-refused 91-dma-witness 92-iommu-gap 92-iommu-persist \
		93-dma-kexec 94-dma-stream 95-dma-rounds 96-live-dma 97-dma-abuse 97-dma-units \
		98-dma-vf 99-dma-fio

test-dma-controls: kernel rootfs
	@$(S)/dma/controls.sh $(T)

test-soak: kernel rootfs
	@$(S)/soak/soak.sh

test-random: rootfs
	@DEBUG=1 $(S)/bed/build-kernel
	@$(S)/raw/random.sh

test-faults: rootfs
	@DEBUG=1 $(S)/bed/build-kernel
	@$(S)/raw/faults.sh 1 $(T)

test-damage: rootfs
	@DEBUG=1 $(S)/bed/build-kernel
	@$(S)/raw/damage.sh

clean:
	rm -rf build
