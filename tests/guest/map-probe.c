/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mapper/ by itself, for tests: no daemon, no librbd. What the cluster would say is given as
 * arguments.
 *
 *   map-probe map SPEC FSID POOL-ID IMAGE-ID SNAP-ID|- MONITORS USER KEY-FILE OPTIONS|- [ro]
 *   map-probe unmap|users|mounts|content|show PATH
 *   map-probe list | features | trim MOUNT-POINT
 *
 * KEY-FILE holds the decoded key. Exit status and message are those of the error. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "mapper/content.h"
#include "mapper/device.h"
#include "mapper/discard.h"
#include "mapper/filesystems.h"
#include "mapper/krbd.h"
#include "mapper/mapping.h"
#include "mapper/module.h"
#include "mapper/ready.h"

#define WAIT_US (30 * USEC_PER_SEC)

static void show(const struct device *d)
{
	_cleanup_free_ char *spec = spec_format(&d->spec);

	printf("%s %s %s %s %s\n", d->node, spec, d->read_only ? "ro" : "rw", d->client_address,
	       d->link ? d->link : "-");
}

static int map(char **a, struct err **e)
{
	_cleanup_krbd_options_ struct krbd_options options = {0};
	_cleanup_secret_ struct secret secret = {0};
	_cleanup_device_ struct device d = {0};
	_cleanup_spec_ struct spec spec = {0};
	struct map_request req = {
		.spec = &spec,
		.key = {.fsid = a[1],
			.pool_id = strtoll(a[2], NULL, 10),
			.image_id = a[3],
			.snap_id = KRBD_HEAD},
		.monitors = a[5],
		.user = a[6],
		.secret = &secret,
		.read_only = a[9] && !strcmp(a[9], "ro"),
		.options = &options,
	};
	uint64_t start;
	int r = spec_parse(a[0], "rbd", &spec, e);

	if (r < 0)
		return r;
	if (strcmp(a[4], "-"))
		req.key.snap_id = strtoull(a[4], NULL, 10);
	r = file_read(AT_FDCWD, a[7], 4096, (char **)&secret.data, &secret.len);
	if (r < 0)
		return err_errno(e, r, "%s", a[7]);
	if (strcmp(a[8], "-"))
		r = krbd_options_parse(a[8], &options, e);
	if (r < 0)
		return r;
	start = clock_now_us();
	r = device_map(&req, &d, e);
	if (r >= 0)
		r = device_wait_ready(&d, deadline_in(WAIT_US), e);
	if (r < 0)
		return r;
	show(&d);
	fprintf(stderr, "mapped in %" PRIu64 " ms\n", (clock_now_us() - start) / 1000);
	return 0;
}

static void print_all(const struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		puts(l->items[i]);
}

static int list(struct err **e)
{
	_cleanup_device_list_ struct device_list l = {0};
	int r = device_list(&l, e);

	for (size_t i = 0; i < l.n; i++)
		show(&l.items[i]);
	return r;
}

static int content(const char *node, struct err **e)
{
	_cleanup_content_ struct content c = {0};
	int r = content_probe(node, &c, e);

	if (r >= 0)
		printf("type=%s label=%s uuid=%s table=%s\n", c.type ? c.type : "",
		       c.label ? c.label : "", c.uuid ? c.uuid : "",
		       c.partition_table ? c.partition_table : "");
	return r;
}

static int of_device(const char *verb, const char *path, bool force, struct err **e)
{
	_cleanup_strlist_ struct strlist l = {0};
	_cleanup_device_ struct device d = {0};
	uint64_t start = clock_now_us();
	int r = device_find_path(path, &d, e);

	if (r < 0)
		return r;
	if (!strcmp(verb, "show")) {
		show(&d);
	} else if (!strcmp(verb, "content")) {
		r = content(path, e);
	} else if (!strcmp(verb, "unmap")) {
		r = device_unmap(&d, force, deadline_in(WAIT_US), e);
		fprintf(stderr, "after %" PRIu64 " ms\n", (clock_now_us() - start) / 1000);
	} else if (!strcmp(verb, "users")) {
		r = device_users(&d, &l, e);
	} else if (!strcmp(verb, "mounts")) {
		r = device_mounts(&d, &l, e);
	}
	print_all(&l);
	return r;
}

static int number(int (*fn)(uint64_t *out, struct err **e), struct err **e)
{
	uint64_t n;
	int r = fn(&n, e);

	if (r >= 0)
		printf("%" PRIx64 "\n", n);
	return r;
}

static int trim(const char *path, struct err **e)
{
	struct mounted m = {.path = (char *)path, .shown = (char *)path};
	struct trim_result result = {0};
	_cleanup_close_ int fd = -1;
	struct statx st;
	int r;

	if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &st))
		return err_errno(e, -errno, "cannot look at %s", path);
	m.mount_id = (int)st.stx_mnt_id;
	m.dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	fd = mounted_open(&m, e);
	if (fd < 0)
		return fd;
	r = mount_trim(fd, path, &(struct trim_limits){0}, &result, e);
	if (r >= 0)
		printf("%" PRIu64 "\n", result.bytes);
	return r;
}

static int run(int argc, char **argv, struct err **e)
{
	if (argc >= 11 && !strcmp(argv[1], "map"))
		return map(argv + 2, e);
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list(e);
	if (argc == 2 && !strcmp(argv[1], "features"))
		return number(module_features, e);
	if (argc == 3 && !strcmp(argv[1], "trim"))
		return trim(argv[2], e);
	if (argc >= 3)
		return of_device(argv[1], argv[2], argc > 3 && !strcmp(argv[3], "force"), e);
	return err_set(e, ERR_USAGE, -22, "usage: map-probe VERB ARGUMENT…");
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err *e = NULL;

	if (run(argc, argv, &e) >= 0)
		return 0;
	fprintf(stderr, "map-probe: %s%s%s\n", e->message, e->hint ? " — " : "",
		e->hint ? e->hint : "");
	return err_exit_status(e->kind);
}
