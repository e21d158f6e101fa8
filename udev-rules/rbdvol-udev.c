/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol-udev DEVICE: the names behind an rbd device (rbd0, rbd0p1), encoded as in its link, for
 * udev's IMPORT{program}. Started by 59-rbdvol.rules for names that udev cannot take as they are.
 * Reads sysfs and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/spec.h"

#define BUS  "/sys/bus/rbd/devices"
#define HEAD "18446744073709551614" /* snap_id of an image's head */

/* The number N of "rbdN" or "rbdNpM"; -1 where NAME is neither. */
static long number_of(const char *name)
{
	char *end;
	long n;

	if (strncmp(name, "rbd", 3) || name[3] < '0' || name[3] > '9')
		return -1;
	n = strtol(name + 3, &end, 10);
	return *end == '\0' || *end == 'p' ? n : -1;
}

static int sysfs_read_spec(int fd, struct spec *out)
{
	_cleanup_free_ char *pool = NULL, *ns = NULL, *image = NULL, *snap = NULL, *snap_id = NULL;
	bool head;
	int r = file_read_line(fd, "pool", &pool);

	if (r < 0)
		return r;
	r = file_read_line(fd, "name", &image);
	if (r < 0)
		return r;
	r = file_read_line(fd, "current_snap", &snap);
	if (r < 0)
		return r;
	r = file_read_line(fd, "pool_ns", &ns); /* older kernels have none */
	if (r < 0 && r != -ENOENT)
		return r;
	r = file_read_line(fd, "snap_id", &snap_id);
	if (r < 0 && r != -ENOENT)
		return r;
	head = snap_id ? !strcmp(snap_id, HEAD) : !strcmp(snap, "-");
	return spec_init(out, pool, ns ? ns : "", image, head ? NULL : snap);
}

/* LINK is POOL/[NAMESPACE/]IMAGE[@SNAP], with no '/' or '@' inside a part: cut it there. */
static void print(char *link, bool has_ns)
{
	char *save = NULL, *part = strtok_r(link, "/", &save);

	printf("ID_RBD_POOL=%s\n", part);
	if (has_ns)
		printf("ID_RBD_NAMESPACE=%s\n", strtok_r(NULL, "/", &save));
	printf("ID_RBD_IMAGE=%s\n", strtok_r(NULL, "@", &save));
	part = strtok_r(NULL, "@", &save);
	if (part)
		printf("ID_RBD_SNAP=%s\n", part);
}

int main(int argc, char *argv[])
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_free_ char *link = NULL;
	_cleanup_close_ int fd = -1;
	char path[64];
	long n = argc == 2 ? number_of(argv[1]) : -1;

	if (n < 0) {
		fprintf(stderr, "usage: rbdvol-udev rbdN[pM]\n");
		return 2;
	}
	snprintf(path, sizeof(path), BUS "/%ld", n);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || sysfs_read_spec(fd, &spec) < 0)
		return 1;
	link = spec_link_name(&spec);
	if (!link)
		return 1;
	print(link, *spec.ns);
	return 0;
}
