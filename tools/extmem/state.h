/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_TOOL_STATE_H
#define EXTMEM_TOOL_STATE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct daxctl_ctx;
struct daxctl_dev;
struct daxctl_region;

#define SYS_POOLS	"/sys/kernel/mm/extmem"
#define SYS_DAX		"/sys/bus/dax/devices"
#define SYS_PCI		"/sys/bus/pci/devices"

/**
 * struct span - contiguous memory.
 * @start: physical address, or an offset
 * @size: bytes
 * @why: what is to be said of it, or NULL
 */
struct span {
	__u64 start;
	__u64 size;
	char *why;
};

struct spans {
	struct span *v;
	size_t nr;
};

struct span *span_add(struct spans *spans, __u64 start, __u64 size);
void spans_free(struct spans *spans);
bool span_in(const struct span *span, const struct spans *spans);

/**
 * struct user - a process that maps a device.
 * @pid: its id
 * @comm: its name
 * @mapped: what it maps, by offset in the device
 */
struct user {
	int pid;
	char comm[32];
	struct spans mapped;
};

/* What a device is to the kernel */
enum form {
	FORM_DEVDAX,	/* memory without struct pages */
	FORM_MEMMAP,	/* with them, while it is enabled */
	FORM_RAM,	/* the page allocator has it */
};

/**
 * struct device - a dax device of a pool, with the claim behind it.
 * @dev: to libdaxctl
 * @dev_name: daxN.M
 * @node: node of its pool
 * @id: its M
 * @rdev: device number
 * @enabled: it can be used
 * @form: what it is when it is enabled
 * @size: bytes; 0: there is no claim
 * @align: bytes
 * @name: the claim's name, or empty
 * @uuid: the claim's
 * @uid: owner of the node
 * @gid: its group
 * @mode: its permissions
 * @persist: the claim outlives the kernel
 * @session: "outgoing" or "incoming" while it is in a live update session
 * @nr_extents: how many extents the claim has
 * @extents: where they are, if we may see it
 * @users: who maps it, as far as we may see it and read_users() has looked
 * @nr_users: how many
 */
struct device {
	struct daxctl_dev *dev;
	char dev_name[32];
	int node;
	int id;
	dev_t rdev;
	bool enabled;
	enum form form;
	__u64 size;
	__u64 align;
	char name[64];
	char uuid[40];
	__u64 uid;
	__u64 gid;
	unsigned long mode;
	bool persist;
	char session[16];
	__u64 nr_extents;
	struct spans extents;
	struct user *users;
	size_t nr_users;
};

/**
 * struct counter - a number that not every kernel tells.
 * @known: it does
 * @val: the number
 */
struct counter {
	bool known;
	__u64 val;
};

/**
 * struct pool - extended memory of a node.
 * @node: the node
 * @region: to libdaxctl, or NULL
 * @total: bytes
 * @free: bytes
 * @largest: bytes, the longest free run
 * @quarantined: bytes
 * @claims: number of them
 * @other_claims: those of them that no device has: page tables
 * @other: their bytes
 * @dirty: bytes of free memory that are still to be cleared
 * @scrubbed: bytes cleared in the background since boot
 * @poisoned: bytes found bad
 * @ranges: its memory, if we may see where it is
 * @bad: memory in quarantine, and why
 * @poison: bad pages
 * @notes: what was found wrong at boot, lines, or NULL
 */
struct pool {
	int node;
	struct daxctl_region *region;
	__u64 total;
	__u64 free;
	__u64 largest;
	__u64 quarantined;
	__u64 claims;
	struct counter other_claims;
	struct counter other;
	struct counter dirty;
	struct counter scrubbed;
	struct counter poisoned;
	struct spans ranges;
	struct spans bad;
	struct spans poison;
	char *notes;
};

/**
 * struct resource - a line of /proc/iomem.
 * @start: first byte
 * @end: last byte
 * @depth: 0 at the top
 * @name: whose
 */
struct resource {
	__u64 start;
	__u64 end;
	int depth;
	char name[64];
};

/**
 * struct state - all there is to know; who uses it only after read_users().
 * @ctx: of libdaxctl
 * @generation: of the map
 * @map_bytes: what it costs
 * @pools: by node
 * @nr_pools: how many
 * @devices: by node and id, those of size 0 too
 * @nr_devices: how many
 * @iomem: /proc/iomem
 * @nr_iomem: lines of it
 * @see_addresses: we may see physical addresses
 * @see_users: we may see all processes' mappings; read_users() sets it
 * @unseen: processes that could not be looked at, without what they map
 * @nr_unseen: how many
 */
struct state {
	struct daxctl_ctx *ctx;
	__u64 generation;
	__u64 map_bytes;
	struct pool *pools;
	size_t nr_pools;
	struct device *devices;
	size_t nr_devices;
	struct resource *iomem;
	size_t nr_iomem;
	bool see_addresses;
	bool see_users;
	struct user *unseen;
	size_t nr_unseen;
};

/* state.c */
int state_read(struct state *state);
void state_free(struct state *state);
struct pool *find_pool(const struct state *state, int node);
struct device *find_device(const struct state *state, const char *name);

struct device *find_claim(const struct state *state, const char *name);

/* device.c */
const char *state_text(const struct device *device);
bool in_session(const struct device *device);

/* users.c: who maps the devices; takes a while, so it is not in state_read() */
void read_users(struct state *state);

/* pool.c, device.c, iomem.c: its parts */
int read_pools(struct state *state);
void pool_free(struct pool *pool);
int read_devices(struct state *state);
void device_free(struct device *device);
void read_iomem(struct state *state);

/* json.c */
struct json_object;
void json_add_text(struct json_object *json, const char *key, const char *text);
struct json_object *json_text(const char *text);
struct json_object *json_spans(const struct spans *spans);
struct json_object *json_device(const struct device *device);
struct json_object *json_state(const struct state *state);
void json_print(struct json_object *json, bool pretty);

#endif
