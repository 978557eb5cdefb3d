// SPDX-License-Identifier: GPL-2.0
/* Records of a saved file of /dev/iommu: which are sound. */
#include <linux/crc32c.h>
#include <linux/kho/abi/extmem.h>

#include "persist_ser.h"

#define PROT	(IOMMUFD_LUO_READ | IOMMUFD_LUO_WRITE | IOMMUFD_LUO_CACHE)

static u32 crc(const struct iommufd_luo_ser *ser)
{
	return crc32c(EXTMEM_CRC_SEED, ser, offsetof(struct iommufd_luo_ser, crc));
}

/**
 * iommufd_luo_seal - vouch for a record.
 * @ser: the record, which changes no more
 *
 * Context: any.
 */
void iommufd_luo_seal(struct iommufd_luo_ser *ser)
{
	ser->crc = crc(ser);
}

/**
 * iommufd_luo_ok - is a record sound?
 * @ser: a record that a former kernel wrote
 *
 * Whether there is such a claim, and so much of it, is for who maps it to find out.
 *
 * Context: any.
 * Return: false if it is damaged, or says what is not known here.
 */
bool iommufd_luo_ok(const struct iommufd_luo_ser *ser)
{
	if (ser->crc != crc(ser))
		return false;
	if (ser->type == IOMMUFD_LUO_IOAS)
		return true;
	return ser->type == IOMMUFD_LUO_AREA && !(ser->prot & ~PROT) && ser->length &&
	       ser->iova + ser->length - 1 >= ser->iova;
}
