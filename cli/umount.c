/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* umount.rbdvol: let umount(8) unmount, then detach what nothing else uses. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/mount.h"
#include "cli/mounts.h"
#include "cli/run.h"

#define UMOUNT_FLAGS_MAX 12

/* The words for umount(8), but for the last. */
static int read_flags(int argc, char **argv, const char **out, char flags[][3], struct err **e)
{
	size_t n = 2;
	int c;

	out[0] = "umount";
	out[1] = "-i";
	opterr = 0;
	optind = 0;
	while ((c = getopt(argc, argv, "flnrvN:t:")) != -1) {
		if (c == '?' || n > UMOUNT_FLAGS_MAX - 4)
			break;
		if (c == 't')
			continue;
		snprintf(flags[n], sizeof(flags[n]), "-%c", c);
		out[n] = flags[n];
		n++;
		if (c == 'N')
			out[n++] = optarg;
	}
	if (c == -1 && argc - optind == 1)
		return (int)n;
	return err_set(e, ERR_USAGE, -EINVAL, "umount.rbdvol FOLDER [-flnrv] [-N NAMESPACE]");
}

/* It is unmounted, whatever becomes of this: so all there is to do is to tell. */
static void detach(struct cli *cli, const char *device)
{
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_err_ struct err *e = NULL;

	if (cli_call(cli, "POST", "volumes", device, "detach", cli->options, &answer, &e) >= 0 ||
	    e->kind == ERR_NOT_FOUND)
		return;
	err_wrap(&e, "unmounted, but still attached");
	cli_fail(cli, NULL, e);
}

int umount_main(struct cli *cli, int argc, char **argv)
{
	_cleanup_mounted_ struct mounted mounted = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *folder = NULL;
	const char *words[UMOUNT_FLAGS_MAX] = {NULL};
	char flags[UMOUNT_FLAGS_MAX][3];
	int n = read_flags(argc, argv, words, flags, &e), r = n;

	if (n >= 0) {
		folder = realpath(argv[optind], NULL);
		r = mounts_find(folder ? folder : argv[optind], &mounted, &e);
	}
	if (r >= 0) {
		words[n] = argv[optind];
		r = program_run(words, &e);
	}
	if (r < 0) {
		cli_fail(cli, NULL, e);
		return e->kind == ERR_USAGE ? MOUNT_USAGE : MOUNT_FAILED;
	}
	if (r == 0 && mounted.source && !strncmp(mounted.source, "/dev/rbd", 8))
		detach(cli, mounted.source);
	return r;
}
