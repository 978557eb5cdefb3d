/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_EXTMEM_DAX_H
#define _LINUX_KHO_ABI_EXTMEM_DAX_H

#include <linux/bits.h>

/**
 * DOC: extmem, files of devices in live update sessions
 *
 * An open ``/dev/daxN.M`` that the live update orchestrator (LUO) hands over is
 * one 64-bit word, and no memory beside it: the claim behind the device is in the
 * hand-over map anyway, and says there by &extmem_claim_ser.preserved that it is
 * in a session.
 *
 * The word names the claim by its id, which is never given to another claim, and
 * has the file's access mode. A reader refuses a word with bits it does not know,
 * and a claim that was not handed over as preserved.
 *
 * What is to be read otherwise gets another EXTMEM_DAX_LUO_COMPATIBLE.
 */

/** EXTMEM_DAX_LUO_COMPATIBLE - files of this sort, to LUO. */
#define EXTMEM_DAX_LUO_COMPATIBLE	"extmem-dax-v1"

/** EXTMEM_DAX_LUO_READ - the file is open for reading. */
#define EXTMEM_DAX_LUO_READ		BIT_ULL(0)
/** EXTMEM_DAX_LUO_WRITE - the file is open for writing. */
#define EXTMEM_DAX_LUO_WRITE		BIT_ULL(1)
/** EXTMEM_DAX_LUO_RESERVED - zero. */
#define EXTMEM_DAX_LUO_RESERVED		GENMASK_ULL(7, 2)
/** EXTMEM_DAX_LUO_CLAIM - &extmem_claim_ser.id. */
#define EXTMEM_DAX_LUO_CLAIM		GENMASK_ULL(63, 8)

#endif /* _LINUX_KHO_ABI_EXTMEM_DAX_H */
