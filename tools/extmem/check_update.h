/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXTMEM_CHECK_UPDATE_H
#define EXTMEM_CHECK_UPDATE_H

int cmd_check_update(int argc, const char **argv);

#endif
