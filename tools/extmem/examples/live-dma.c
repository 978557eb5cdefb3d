// SPDX-License-Identifier: GPL-2.0
/*
 * live-dma: how a virtual machine monitor keeps a passed-through device running while
 * the host's kernel is replaced. See Documentation/mm/extmem-dma.rst.
 *
 *	live-dma keep SESSION DEVICE DAX	before the kexec; stays until it is killed
 *	live-dma take SESSION			after it
 *
 * DEVICE is the address of a PCI device under vfio-pci (0000:01:00.0), DAX a device of
 * extended memory (/dev/dax0.1) which is the guest's memory. When it ends the device
 * is stopped: a real monitor would go on with its guest instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/iommufd.h>
#include <linux/liveupdate.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * What the next kernel's monitor asks for its files by. It is for us to choose, and all
 * that we have to agree on with our successor: numbers of objects of the kernel's may
 * be others there.
 */
enum token { TOKEN_MEMORY = 1, TOKEN_IOMMU, TOKEN_DEVICE };

/* Where the device, and the guest, see the memory. */
#define GUEST_MEMORY	0x100000000ULL

struct vm {
	int session;
	int memory;		/* /dev/daxN.M */
	int iommu;		/* /dev/iommu */
	int device;		/* /dev/vfio/devices/vfioN */
	uint32_t ioas;
	size_t size;
	char *map;
};

static void fail(const char *what)
{
	fprintf(stderr, "live-dma: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int check(int rc, const char *what)
{
	if (rc < 0)
		fail(what);
	return rc;
}

/* Sessions */

/* One process at a time may have /dev/liveupdate: don't keep it. */
static int open_liveupdate(void)
{
	return check(open("/dev/liveupdate", O_RDWR | O_CLOEXEC), "/dev/liveupdate");
}

static int create_session(const char *name)
{
	struct liveupdate_ioctl_create_session arg = { .size = sizeof(arg) };
	int luo = open_liveupdate();

	snprintf((char *)arg.name, sizeof(arg.name), "%s", name);
	check(ioctl(luo, LIVEUPDATE_IOCTL_CREATE_SESSION, &arg), "create session");
	close(luo);
	return arg.fd;
}

static int take_session(const char *name)
{
	struct liveupdate_ioctl_retrieve_session arg = { .size = sizeof(arg) };
	int luo = open_liveupdate();

	snprintf((char *)arg.name, sizeof(arg.name), "%s", name);
	check(ioctl(luo, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, &arg), "take session");
	close(luo);
	return arg.fd;
}

static void preserve(const struct vm *vm, int file, int token, const char *what)
{
	struct liveupdate_session_preserve_fd arg = {
		.size = sizeof(arg),
		.fd = file,
		.token = token,
	};

	check(ioctl(vm->session, LIVEUPDATE_SESSION_PRESERVE_FD, &arg), what);
}

static int retrieve(const struct vm *vm, int token, const char *what)
{
	struct liveupdate_session_retrieve_fd arg = {
		.size = sizeof(arg),
		.token = token,
	};

	check(ioctl(vm->session, LIVEUPDATE_SESSION_RETRIEVE_FD, &arg), what);
	return arg.fd;
}

/* Memory */

static void map_memory(struct vm *vm, size_t size)
{
	vm->size = size;
	vm->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->memory, 0);
	if (vm->map == MAP_FAILED)
		fail("map memory");
}

/* /dev/dax0.1's size is not its file's: ask sysfs. */
static size_t size_of(const char *dax)
{
	char path[256];
	unsigned long long size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/dax/devices/%s/size",
		 strrchr(dax, '/') ? strrchr(dax, '/') + 1 : dax);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &size) != 1)
		fail(path);
	fclose(f);
	return size;
}

/*
 * By file, not by address: a mapping of a file is one of memory that has a name in
 * the next kernel, too. What is mapped of anything else can't be preserved.
 */
static void map_for_dma(struct vm *vm)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.fd = vm->memory,
		.length = vm->size,
		.iova = GUEST_MEMORY,
	};

	check(ioctl(vm->iommu, IOMMU_IOAS_ALLOC, &alloc), "new IOAS");
	vm->ioas = alloc.out_ioas_id;
	map.ioas_id = vm->ioas;
	check(ioctl(vm->iommu, IOMMU_IOAS_MAP_FILE, &map), "map memory for DMA");
}

/* The device */

static int open_device(const char *bdf)
{
	char path[300];
	glob_t found;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev/vfio*", bdf);
	if (glob(path, 0, NULL, &found)) {
		fprintf(stderr, "live-dma: %s is not a device under vfio-pci\n", bdf);
		exit(1);
	}
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
		 strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	fd = open(path, O_RDWR);
	if (fd < 0)
		fail(path);
	return fd;
}

/*
 * Of a retrieved device this resets nothing, and attaching it replaces the former
 * kernel's page tables by those of the IOAS in one go, as the device goes on.
 */
static void attach_device(const struct vm *vm)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = vm->iommu,
	};
	struct vfio_device_attach_iommufd_pt pt = {
		.argsz = sizeof(pt),
		.pt_id = vm->ioas,
	};

	check(ioctl(vm->device, VFIO_DEVICE_BIND_IOMMUFD, &bind), "bind device");
	check(ioctl(vm->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &pt), "attach device");
}

/* Where the file has the command register */
static off_t command_at(const struct vm *vm)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};

	check(ioctl(vm->device, VFIO_DEVICE_GET_REGION_INFO, &config), "find registers");
	return config.offset + PCI_COMMAND;
}

static int is_master(const struct vm *vm)
{
	uint16_t command;

	if (pread(vm->device, &command, sizeof(command), command_at(vm)) != sizeof(command))
		fail("read command register");
	return !!(command & PCI_COMMAND_MASTER);
}

/* What a guest's driver does */
static void make_master(const struct vm *vm)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	if (pwrite(vm->device, &command, sizeof(command), command_at(vm)) != sizeof(command))
		fail("write command register");
}

/*
 * Interrupts that became due while no kernel listened are lost. In their place each
 * vector's eventfd is signalled once, so that whoever waits looks at its rings.
 */
static void arm_vector(const struct vm *vm, int event)
{
	union {
		struct vfio_irq_set set;
		char room[sizeof(struct vfio_irq_set) + sizeof(int)];
	} irq = {
		.set = {
			.argsz = sizeof(irq),
			.flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD,
			.index = VFIO_PCI_MSIX_IRQ_INDEX,
			.count = 1,
		},
	};

	memcpy(irq.set.data, &event, sizeof(event));
	check(ioctl(vm->device, VFIO_DEVICE_SET_IRQS, &irq), "arm vector 0");
}

static int was_signalled(int event)
{
	struct pollfd fd = { .fd = event, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* Before */

static void keep(const char *name, const char *bdf, const char *dax)
{
	struct vm vm = {};

	vm.memory = check(open(dax, O_RDWR), dax);
	vm.iommu = check(open("/dev/iommu", O_RDWR), "/dev/iommu");
	map_memory(&vm, size_of(dax));
	map_for_dma(&vm);
	vm.device = open_device(bdf);
	attach_device(&vm);
	make_master(&vm);

	/* The guest runs, and leaves something for its next life. */
	snprintf(vm.map, vm.size, "%zu bytes of a guest", vm.size);

	/*
	 * In this order: a device needs its tables in the session, and they the memory.
	 * All that can fail fails here, while the guest runs. From here on the tables
	 * and what they map are fixed until the kexec, or the session is closed.
	 */
	vm.session = create_session(name);
	preserve(&vm, vm.memory, TOKEN_MEMORY, "preserve memory");
	preserve(&vm, vm.iommu, TOKEN_IOMMU, "preserve page tables");
	preserve(&vm, vm.device, TOKEN_DEVICE, "preserve device");
	printf("kept: master %d\n", is_master(&vm));
	fflush(stdout);

	/* The session lasts as long as its file is open: wait for the kexec. */
	for (;;)
		pause();
}

/* After */

static void take(const char *name)
{
	struct vm vm = {};
	int event = check(eventfd(0, EFD_NONBLOCK), "eventfd");

	vm.session = take_session(name);
	vm.memory = retrieve(&vm, TOKEN_MEMORY, "retrieve memory");
	vm.iommu = retrieve(&vm, TOKEN_IOMMU, "retrieve page tables");
	vm.device = retrieve(&vm, TOKEN_DEVICE, "retrieve device");

	/*
	 * A real monitor knows its guest's size. The IOAS has its mappings, and the
	 * number of its place among those that the file had: the first is 1.
	 */
	map_memory(&vm, sysconf(_SC_PAGESIZE) * 512);
	vm.ioas = 1;
	attach_device(&vm);
	arm_vector(&vm, event);

	/* Nothing is needed of the former kernel any more. */
	check(ioctl(vm.session, LIVEUPDATE_SESSION_FINISH,
		    &(struct liveupdate_session_finish) {
			.size = sizeof(struct liveupdate_session_finish),
		    }), "finish");
	printf("taken: master %d, vector %s, %s\n", is_master(&vm),
	       was_signalled(event) ? "signalled" : "silent", vm.map);
}

static int say_usage(void)
{
	fprintf(stderr, "usage: live-dma keep SESSION DEVICE DAX\n"
		"       live-dma take SESSION\n");
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "keep"))
		keep(argv[2], argv[3], argv[4]);
	else if (argc == 3 && !strcmp(argv[1], "take"))
		take(argv[2]);
	else
		return say_usage();
	return 0;
}
