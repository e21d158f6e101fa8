/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* what configure found in librados and librbd, and what stands in where it found
 * nothing. Namespaces and parents by id, which came with librbd 14, have no stand-in: configure
 * wants them. RBDVOL_FORCE_FALLBACKS takes the stand-ins in any case: tests/cluster/test-fallbacks.
 */
#pragma once

#include <rados/librados.h>
#include <rbd/librbd.h>

#ifdef RBDVOL_FORCE_FALLBACKS
#undef HAVE_RBD_DIFF_ITERATE2
#undef HAVE_RBD_AIO_WRITE_ZEROES
#undef HAVE_RADOS_BLOCKLIST_ADD
#undef HAVE_RADOS_SET_POOL_FULL_TRY
#endif

/* Whether compat_diff makes use of fast-diff. */
#ifdef HAVE_RBD_DIFF_ITERATE2
#define COMPAT_FAST_DIFF true
#else
#define COMPAT_FAST_DIFF false
#endif

/* Differences since FROM, whole objects at a time where the library can. */
static inline int compat_diff(rbd_image_t image, const char *from, uint64_t offset, uint64_t length,
			      int (*fn)(uint64_t, size_t, int, void *), void *arg)
{
#ifdef HAVE_RBD_DIFF_ITERATE2
	return rbd_diff_iterate2(image, from, offset, length, 0, 1, fn, arg);
#else
	return rbd_diff_iterate(image, from, offset, length, fn, arg);
#endif
}

/* Before an image is opened for compat_zero. */
static inline void compat_zero_prepare(rados_t rados)
{
#ifdef HAVE_RBD_AIO_WRITE_ZEROES
	(void)rados;
#else
	/* Else the same zeros everywhere become a discard. */
	rados_conf_set(rados, "rbd_discard_on_zeroed_write_same", "false");
#endif
}

/* Write zeros that take their space. */
static inline int compat_zero(rbd_image_t image, uint64_t offset, uint64_t length,
			      rbd_completion_t c)
{
#ifdef HAVE_RBD_AIO_WRITE_ZEROES
	return rbd_aio_write_zeroes(image, offset, length, c, RBD_WRITE_ZEROES_FLAG_THICK_PROVISION,
				    0);
#else
	static const char zeros[4096];
	size_t block = sizeof(zeros);

	while (length % block)
		block /= 2;
	return rbd_aio_writesame(image, offset, length, zeros, block, c, 0);
#endif
}

/* Shut the client at ADDRESS ("ip:port/nonce") out of the cluster for SECONDS. */
static inline int compat_blocklist(rados_t rados, char *address, uint32_t seconds)
{
#ifdef HAVE_RADOS_BLOCKLIST_ADD
	return rados_blocklist_add(rados, address, seconds);
#else
	return rados_blacklist_add(rados, address, seconds);
#endif
}

/* What is written through IO to a full pool fails at once, instead of waiting for room; what needs
 * none (a removal, a hold) is done. */
static inline void compat_fail_when_full(rados_ioctx_t io)
{
#ifdef HAVE_RADOS_SET_POOL_FULL_TRY
	rados_set_pool_full_try(io);
#else
	rados_set_osdmap_full_try(io);
#endif
}
