// SPDX-License-Identifier: GPL-2.0
/*
 * Everything there is to know, read once.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <daxctl/libdaxctl.h>

#include "extmem.h"
#include "state.h"

struct span *span_add(struct spans *spans, __u64 start, __u64 size)
{
	spans->v = grow(spans->v, spans->nr, sizeof(*spans->v));
	spans->v[spans->nr] = (struct span){ .start = start, .size = size };
	return &spans->v[spans->nr++];
}

void spans_free(struct spans *spans)
{
	size_t i;

	for (i = 0; i < spans->nr; i++)
		free(spans->v[i].why);
	free(spans->v);
	*spans = (struct spans){};
}

/* Is it all in one of them? */
bool span_in(const struct span *span, const struct spans *spans)
{
	size_t i;

	for (i = 0; i < spans->nr; i++)
		if (span->start >= spans->v[i].start &&
		    span->start + span->size <= spans->v[i].start + spans->v[i].size)
			return true;
	return false;
}

struct pool *find_pool(const struct state *state, int node)
{
	size_t i;

	for (i = 0; i < state->nr_pools; i++)
		if (state->pools[i].node == node)
			return &state->pools[i];
	return NULL;
}

/* By its claim's name or its own */
struct device *find_device(const struct state *state, const char *name)
{
	size_t i;

	for (i = 0; i < state->nr_devices; i++)
		if (!strcmp(state->devices[i].dev_name, name) ||
		    (*name && !strcmp(state->devices[i].name, name)))
			return &state->devices[i];
	return NULL;
}

/* The same, of those that have memory; says so if there is none */
struct device *find_claim(const struct state *state, const char *name)
{
	struct device *device = find_device(state, name);

	if (device && device->size)
		return device;
	fail("see what there is: extmem status", "no claim '%s'", name);
	return NULL;
}

static void no_log(struct daxctl_ctx *ctx, int priority, const char *file, int line,
		   const char *fn, const char *format, va_list args)
{
}

static int no_pools(void)
{
	return no_answer("boot with extmem=NODE:SIZE on the kernel's command line",
			 "this kernel has no extended memory");
}

int state_read(struct state *state)
{
	*state = (struct state){};
	if (!read_u64(&state->generation, SYS_POOLS "/generation"))
		return no_pools();
	read_u64(&state->map_bytes, SYS_POOLS "/map_bytes");
	if (daxctl_new(&state->ctx))
		return no_answer("see that the package libdaxctl1 is whole",
				 "libdaxctl can't be used");
	/* we say ourselves what went wrong */
	daxctl_set_log_fn(state->ctx, no_log);
	read_iomem(state);
	if (read_pools(state) || read_devices(state)) {
		state_free(state);
		return NO_ANSWER;
	}
	return OK;
}

void state_free(struct state *state)
{
	while (state->nr_pools)
		pool_free(&state->pools[--state->nr_pools]);
	while (state->nr_devices)
		device_free(&state->devices[--state->nr_devices]);
	free(state->pools);
	free(state->devices);
	free(state->iomem);
	free(state->unseen);
	if (state->ctx)
		daxctl_unref(state->ctx);
	*state = (struct state){};
}
