/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM extmem

#if !defined(_TRACE_EXTMEM_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_EXTMEM_H

#include <linux/kho/abi/extmem.h>
#include <linux/tracepoint.h>

/*
 * Addresses are physical, sizes are in bytes. Who has memory is said extent by
 * extent: an operation on a claim of several extents is several events.
 */

#define show_extmem_kind(kind)						\
	__print_symbolic(kind,						\
			 { EXTMEM_KIND_NONE, "none" },			\
			 { EXTMEM_KIND_DAX, "dax" },			\
			 { EXTMEM_KIND_IOMMU, "iommu" },			\
			 { EXTMEM_KIND_QUARANTINE, "quarantine" },	\
			 { EXTMEM_KIND_TEST, "test" })

DECLARE_EVENT_CLASS(extmem_range,

	TP_PROTO(int nid, u64 start, u64 bytes),

	TP_ARGS(nid, start, bytes),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(u64, start)
		__field(u64, bytes)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->start = start;
		__entry->bytes = bytes;
	),

	TP_printk("node=%d start=%#llx bytes=%llu",
		  __entry->nid, __entry->start, __entry->bytes)
);

/* A range is a pool's: just reserved, or handed over */
DEFINE_EVENT(extmem_range, extmem_reserve,
	TP_PROTO(int nid, u64 start, u64 bytes),
	TP_ARGS(nid, start, bytes)
);

/* Free memory was cleared */
DEFINE_EVENT(extmem_range, extmem_scrub,
	TP_PROTO(int nid, u64 start, u64 bytes),
	TP_ARGS(nid, start, bytes)
);

/* Memory was cleared for a claim, by this CPU */
DEFINE_EVENT(extmem_range, extmem_clear,
	TP_PROTO(int nid, u64 start, u64 bytes),
	TP_ARGS(nid, start, bytes)
);

DECLARE_EVENT_CLASS(extmem_extent,

	TP_PROTO(int nid, u32 kind, u64 id, u64 start, u64 bytes, int err),

	TP_ARGS(nid, kind, id, start, bytes, err),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(u32, kind)
		__field(u64, id)
		__field(u64, start)
		__field(u64, bytes)
		__field(int, err)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->kind = kind;
		__entry->id = id;
		__entry->start = start;
		__entry->bytes = bytes;
		__entry->err = err;
	),

	TP_printk("node=%d kind=%s id=%llu start=%#llx bytes=%llu err=%d",
		  __entry->nid, show_extmem_kind(__entry->kind), __entry->id,
		  __entry->start, __entry->bytes, __entry->err)
);

/*
 * A claim got memory. With an error it did not: then the address is the one
 * asked for, all ones meaning any, and a claim that is not there has id 0.
 */
DEFINE_EVENT(extmem_extent, extmem_claim,
	TP_PROTO(int nid, u32 kind, u64 id, u64 start, u64 bytes, int err),
	TP_ARGS(nid, kind, id, start, bytes, err)
);

/* A claim gave memory back. With an error it did not: the address is its first */
DEFINE_EVENT(extmem_extent, extmem_free,
	TP_PROTO(int nid, u32 kind, u64 id, u64 start, u64 bytes, int err),
	TP_ARGS(nid, kind, id, start, bytes, err)
);

/* A former kernel's claim was taken over */
DEFINE_EVENT(extmem_extent, extmem_adopt,
	TP_PROTO(int nid, u32 kind, u64 id, u64 start, u64 bytes, int err),
	TP_ARGS(nid, kind, id, start, bytes, err)
);

/* Memory is kept out of everyone's hands */
TRACE_EVENT(extmem_quarantine,

	TP_PROTO(int nid, u64 start, u64 bytes, const char *reason),

	TP_ARGS(nid, start, bytes, reason),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(u64, start)
		__field(u64, bytes)
		__string(reason, reason)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->start = start;
		__entry->bytes = bytes;
		__assign_str(reason);
	),

	TP_printk("node=%d start=%#llx bytes=%llu reason=\"%s\"",
		  __entry->nid, __entry->start, __entry->bytes,
		  __get_str(reason))
);

/* A memory error; the claim that had the page, 0 for none */
TRACE_EVENT(extmem_poison,

	TP_PROTO(int nid, u64 pa, u64 id),

	TP_ARGS(nid, pa, id),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(u64, pa)
		__field(u64, id)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->pa = pa;
		__entry->id = id;
	),

	TP_printk("node=%d pa=%#llx id=%llu",
		  __entry->nid, __entry->pa, __entry->id)
);

#endif /* _TRACE_EXTMEM_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
