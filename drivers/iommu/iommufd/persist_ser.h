/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __IOMMUFD_PERSIST_SER_H
#define __IOMMUFD_PERSIST_SER_H

#include <linux/kho/abi/iommufd.h>

void iommufd_luo_seal(struct iommufd_luo_ser *ser);
bool iommufd_luo_ok(const struct iommufd_luo_ser *ser);

#endif
