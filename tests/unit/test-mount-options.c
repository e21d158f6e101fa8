/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that mount(8) gives to mount.rbdvol. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mount-options.h"
#include "tests/unit/unit.h"

/* LINE is cut at blanks. */
static int parse(struct cli *cli, const char *line, struct mount_request *out, struct err **e)
{
	_cleanup_free_ char *copy = strdup(line);
	char *argv[16] = {"mount.rbdvol"}, *rest = copy;
	int argc = 1, r;

	assert_non_null(copy);
	for (char *word; argc < 15 && (word = strsep(&rest, " "));)
		argv[argc++] = word;
	r = cli_init(cli, e);
	return r < 0 ? r : mount_request_parse(cli, argc, argv, out, e);
}

struct line {
	const char *text;
	const char *rest;    /* for mount(8) */
	const char *options; /* for the daemon, as JSON, sorted */
};

static const struct line good[] = {
	{"p/v /", "", "{}"},
	{"p/v / -o rw", "rw,", "{}"},
	{"p/v / -o rw,noatime,x-foo=a", "rw,noatime,x-foo=a,", "{}"},
	{"p/v / -o ro", "ro,", "{\"read_only\":true}"},
	{"p/v / -o read_only", "ro,", "{\"read_only\":true}"},
	{"p/v / -o from=g,size=1G,,noatime", "noatime,", "{\"from\":\"g\",\"size\":\"1G\"}"},
	{"p/v / -o map=notrim,map=queue_depth=9", "", "{\"options\":\"notrim,queue_depth=9\"}"},
	{"p/v / -o context=\"a,b\",ro", "context=\"a,b\",ro,", "{\"read_only\":true}"},
	{"p/v / -o mkfs=ext4,size=1G", "", "{\"size\":\"1G\"}"},
	{"p/v / -o shared=no", "", "{\"shared\":false}"},
	{"p/v / -o new_uuid,noatime", "noatime,", "{}"},
	{"p/v / -o options=x", "options=x,", "{}"},
	{"p/v / -o umount_timeout=4,nofail", "nofail,", "{}"},
};

static void good_lines_are_parted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_mount_request_ struct mount_request m = {0};
		_cleanup_free_ char *options = NULL;
		_cleanup_err_ struct err *e = NULL;
		struct cli cli;

		if (parse(&cli, good[i].text, &m, &e) < 0)
			fail_msg("'%s': %s", good[i].text, e->message);
		assert_string_equal(m.volume, "p/v");
		assert_string_equal(m.directory, "/");
		assert_string_equal(m.rest, good[i].rest);
		options = json_dumps(cli.options, JSON_COMPACT | JSON_SORT_KEYS);
		assert_string_equal(options, good[i].options);
		cli_deinit(&cli);
	}
}

static void what_is_the_helpers_is_kept(void **state)
{
	_cleanup_mount_request_ struct mount_request m = {0};
	_cleanup_err_ struct err *e = NULL;
	struct cli cli;

	(void)state;
	assert_int_equal(
		parse(&cli, "p/v / -fnv -N 12 -t rbdvol.xfs -o remount,part=2,retry=1.5", &m, &e),
		0);
	assert_string_equal(m.type, "xfs");
	assert_true(m.fake && m.remount);
	assert_int_equal(m.partition, 2);
	assert_int_equal(m.flags.n, 4);
	assert_int_equal(cli.retry_us, 1500000);
	cli_deinit(&cli);
}

static void bad_lines_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"p/v", "mount.rbdvol VOLUME DIRECTORY"},
		{"p/v / more", "mount.rbdvol VOLUME DIRECTORY"},
		{"p/v / -x", "mount.rbdvol VOLUME DIRECTORY"},
		{"p/v / -o mkfs", "mkfs= has no value"},
		{"p/v / -o mkfs=", "mkfs= has no value"},
		{"p/v / -o mkfs=../x", "cannot be the type"},
		{"p/v / -o fstype=a/b", "cannot be the type"},
		{"p/v / -t rbdvol.A", "cannot be the type"},
		{"p/v / -o part=0", "part"},
		{"p/v / -o part=x", "part"},
		{"p/v / -o part=256", "part"},
		{"p/v / -o part", "part"},
		{"p/v / -o map=", "map= has no value"},
		{"p/v / -o retry=-1", "retry"},
		{"p/v / -o umount_timeout=x", "umount_timeout"},
		{"p/v / -o size=x", "is not a size"},
		{"p/v / -o mkfs=ext4,part=1", "not on a partition"},
		{"p/v / -o clone_format=2", "only with a parent"},
		{"p/v / -o steal", "steal"},
		{"p/v / -o steal=yes", "steal"},
		{"p/v / -o steal_shared", "steal"},
		{"p/v / -o ro,new_uuid", "new_uuid writes"},
		{"p/v / -o new_uuid=perhaps", "new_uuid"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mount_request m = {0};
		struct err *why = NULL;
		struct cli cli;
		int r = parse(&cli, bad[i].text, &m, &why);

		if (r >= 0 || !why || !strstr(why->message, bad[i].why))
			fail_msg("'%s' gave %d: %s", bad[i].text, r, why ? why->message : "");
		assert_int_equal(why->kind, ERR_USAGE);
		err_free(why);
		mount_request_deinit(&m);
		cli_deinit(&cli);
	}
}

static void a_directory_must_be_there(void **state)
{
	_cleanup_mount_request_ struct mount_request m = {0};
	struct cli cli;

	(void)state;
	assert_fails(parse(&cli, "p/v /nonexistent", &m, &e), -ENOENT, err_kind_of(-ENOENT),
		     "cannot mount on /nonexistent");
	cli_deinit(&cli);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_are_parted),
		cmocka_unit_test(what_is_the_helpers_is_kept),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(a_directory_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
