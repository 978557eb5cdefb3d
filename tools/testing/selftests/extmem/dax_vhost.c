// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's vhost-net on a device's memory: frames go from there to a tap and
 * from the tap to there, with struct pages and without; and the device is in use
 * for as long.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "dax_dev.h"

#define SIZE	(2 * SZ_2M)
#define SLOTS	4
#define FRAME	1000
#define TYPE	0x88b5	/* for experiments */
#define HEADER	sizeof(struct virtio_net_hdr_mrg_rxbuf)

static const uint64_t wanted[] = { VIRTIO_F_VERSION_1, VIRTIO_NET_F_MRG_RXBUF };

/* A ring and a buffer; the guest's addresses are offsets into the device. */
struct queue {
	struct vring ring;
	char *buf;
	int kick;
	int call;
};

enum { RX, TX };

FIXTURE(dax_vhost)
{
	struct dax_dev dev;
	struct queue queue[2];
	char *map;
	int net;
	int tap;
	int wire;	/* who is at the tap's other end */
};

FIXTURE_VARIANT(dax_vhost)
{
	const char *memmap;
};

FIXTURE_VARIANT_ADD(dax_vhost, pfns) { .memmap = "0" };
FIXTURE_VARIANT_ADD(dax_vhost, pages) { .memmap = "1" };

static int open_tap(struct ifreq *ifr)
{
	int header = HEADER, tap = open("/dev/net/tun", O_RDWR);

	*ifr = (struct ifreq){ .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	if (tap < 0 || ioctl(tap, TUNSETIFF, ifr) ||
	    ioctl(tap, TUNSETVNETHDRSZ, &header))
		return -errno;
	return tap;
}

static int open_wire(struct ifreq *ifr)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(TYPE) };
	int wire = socket(AF_PACKET, SOCK_RAW, htons(TYPE));

	ifr->ifr_flags = IFF_UP;
	if (wire < 0 || ioctl(wire, SIOCSIFFLAGS, ifr) ||
	    ioctl(wire, SIOCGIFINDEX, ifr))
		return -errno;
	at.sll_ifindex = ifr->ifr_ifindex;
	return bind(wire, (void *)&at, sizeof(at)) ? -errno : wire;
}

static int set_memory(int net, char *map)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region region;
	} mem = {
		.head.nregions = 1,
		.region = {
			.memory_size = SIZE,
			.userspace_addr = (unsigned long)map,
		},
	};

	return ioctl(net, VHOST_SET_MEM_TABLE, &mem) ? -errno : 0;
}

static int start_queue(int net, unsigned int i, struct queue *q, char *at, int tap)
{
	struct vhost_vring_state num = { .index = i, .num = SLOTS };
	struct vhost_vring_state base = { .index = i };
	struct vhost_vring_addr addr = { .index = i };
	struct vhost_vring_file file = { .index = i };

	vring_init(&q->ring, SLOTS, at, SZ_4K);
	q->buf = at + 4 * SZ_4K;
	q->kick = eventfd(0, 0);
	q->call = eventfd(0, 0);
	addr.desc_user_addr = (unsigned long)q->ring.desc;
	addr.avail_user_addr = (unsigned long)q->ring.avail;
	addr.used_user_addr = (unsigned long)q->ring.used;
	if (ioctl(net, VHOST_SET_VRING_NUM, &num) ||
	    ioctl(net, VHOST_SET_VRING_BASE, &base) ||
	    ioctl(net, VHOST_SET_VRING_ADDR, &addr))
		return -errno;
	file.fd = q->kick;
	if (ioctl(net, VHOST_SET_VRING_KICK, &file))
		return -errno;
	file.fd = q->call;
	if (ioctl(net, VHOST_SET_VRING_CALL, &file))
		return -errno;
	file.fd = tap;
	return ioctl(net, VHOST_NET_SET_BACKEND, &file) ? -errno : 0;
}

FIXTURE_SETUP(dax_vhost)
{
	uint64_t one = 1, features = one << wanted[0] | one << wanted[1];
	struct ifreq ifr;

	ASSERT_EQ(dax_create(&self->dev, dax_region(), SIZE, SZ_2M), 0);
	ASSERT_EQ(dax_set(&self->dev, "extmem/memmap", variant->memmap), 0);
	self->map = dax_map(&self->dev, NULL, SIZE, 0);
	ASSERT_NE(self->map, MAP_FAILED);
	self->tap = open_tap(&ifr);
	ASSERT_GE(self->tap, 0);
	self->wire = open_wire(&ifr);
	ASSERT_GE(self->wire, 0);
	self->net = open("/dev/vhost-net", O_RDWR);
	ASSERT_GE(self->net, 0);
	ASSERT_EQ(ioctl(self->net, VHOST_SET_OWNER), 0);
	ASSERT_EQ(ioctl(self->net, VHOST_SET_FEATURES, &features), 0);
	ASSERT_EQ(set_memory(self->net, self->map), 0);
	ASSERT_EQ(start_queue(self->net, RX, &self->queue[RX], self->map, self->tap), 0);
	ASSERT_EQ(start_queue(self->net, TX, &self->queue[TX], self->map + SIZE / 2,
			      self->tap), 0);
}

FIXTURE_TEARDOWN(dax_vhost)
{
	munmap(self->map, SIZE);
	EXPECT_EQ(dax_destroy(&self->dev), 0);
}

/* Offer the queue's buffer to vhost. */
static void offer(struct queue *q, char *map, size_t len, uint16_t flags)
{
	uint64_t one = 1;

	q->ring.desc[0] = (struct vring_desc){
		.addr = q->buf - map,
		.len = len,
		.flags = flags,
	};
	q->ring.avail->ring[0] = 0;
	__atomic_store_n(&q->ring.avail->idx, 1, __ATOMIC_RELEASE);
	write(q->kick, &one, sizeof(one));
}

static bool done_soon(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 20000) == 1;
}

static void make_frame(char *frame, unsigned long seed)
{
	fill_words(frame, FRAME, seed);
	memset(frame, 0xff, 6);
	frame[12] = TYPE >> 8;
	frame[13] = TYPE & 0xff;
}

TEST_F(dax_vhost, sends_and_receives)
{
	struct queue *tx = &self->queue[TX], *rx = &self->queue[RX];
	char frame[FRAME], seen[FRAME + 100];

	/* from the device to the wire */
	make_frame(frame, 1);
	memset(tx->buf, 0, HEADER);
	memcpy(tx->buf + HEADER, frame, FRAME);
	offer(tx, self->map, HEADER + FRAME, 0);
	ASSERT_TRUE(done_soon(self->wire));
	EXPECT_EQ(recv(self->wire, seen, sizeof(seen), 0), FRAME);
	EXPECT_EQ(memcmp(seen, frame, FRAME), 0);

	/* from the wire to the device */
	make_frame(frame, 2);
	offer(rx, self->map, SZ_4K, VRING_DESC_F_WRITE);
	ASSERT_EQ(send(self->wire, frame, FRAME, 0), FRAME);
	ASSERT_TRUE(done_soon(rx->call));
	EXPECT_EQ(rx->ring.used->ring[0].len, HEADER + FRAME);
	EXPECT_EQ(memcmp(rx->buf + HEADER, frame, FRAME), 0);

	EXPECT_TRUE(dax_refuses_all(&self->dev, SIZE, SZ_2M));
	close(self->net);
}

TEST_HARNESS_MAIN
