/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which words of mkfs and mount are let through, and programs that are run to their end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/filesystem-options.h"
#include "base/filesystem.h"
#include "tests/unit/unit.h"

#include "base/run.h"
#include "volume/filesystem.h"

static void test_mkfs_options(void **state)
{
	static const char *const bad[] = {"-d /etc",
					  "-J device=/dev/sda",
					  "-l logdev=/dev/sda",
					  "/dev/sda",
					  "-m",
					  "-m 1 /dev/sda",
					  "--help",
					  "-n",
					  "-O ../x",
					  "-q -c",
					  "-E offset=1",
					  "-z 1",
					  "-m1;reboot",
					  "-b $(id)",
					  "-b -1",
					  "-b many",
					  "-m 1,2",
					  "-i 4096x",
					  "-O ^",
					  "-O a,,b",
					  "-L way-too-long-a-label",
					  "-L -x"};

	(void)state;
	assert_works(mkfs_options_check("ext4", "-m 1 -i 65536 -O ^has_journal,metadata_csum", &e));
	assert_works(mkfs_options_check("ext4", "-m1 -b 4096 -L a-label -i 64k -m 0.5", &e));
	assert_works(mkfs_options_check("xfs", "-b size=4k -L data", &e));
	assert_works(mkfs_options_check("xfs", "-m crc=1,reflink=0 -d agcount=4", &e));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_err_ struct err *e = NULL;

		if (mkfs_options_check("ext4", bad[i], &e) != -EINVAL)
			fail_msg("'%s' is let through", bad[i]);
	}
	assert_fails(mkfs_options_check("xfs", "-d name=image", &e), -EINVAL, ERR_USAGE, "name=");
	assert_fails(mkfs_options_check("xfs", "-d file=1", &e), -EINVAL, ERR_USAGE, "file=");
	assert_fails(mkfs_options_check("xfs", "-d agcount=4,name=1", &e), -EINVAL, ERR_USAGE,
		     "name=");
	assert_fails(mkfs_options_check("xfs", "-d 4", &e), -EINVAL, ERR_USAGE, "'4'");
	assert_fails(mkfs_options_check("xfs", "-m crc=yes", &e), -EINVAL, ERR_USAGE, "crc=yes");
}

static void test_mount_options(void **state)
{
	static const char *const bad[] = {"bind",
					  "remount",
					  "loop",
					  "errors=panic",
					  "journal_path=/x",
					  "commit=",
					  "commit=1\\,x",
					  "logdev=/dev/sda",
					  "usrjquota=a",
					  "noatime nosuid",
					  "rtdev=/dev/sda",
					  "context=x",
					  "journal_dev=0x801",
					  "data=/",
					  "data=",
					  "data=order",
					  "data=ordered|journal",
					  "errors=remount",
					  "commit=abc",
					  "commit=-1",
					  "commit=1.5",
					  "commit=9999999999999999",
					  "stripe=4x",
					  "allocsize=64q",
					  "logbufs=2.",
					  "noatime="};
	_cleanup_free_ char *data = NULL, *none = NULL;
	unsigned long flags;

	(void)state;
	assert_works(
		mount_options_parse("ext4", "noatime,commit=30,data=journal", &flags, &data, &e));
	assert_int_equal(flags, MS_NOSUID | MS_NODEV | MS_NOATIME);
	assert_string_equal(data, "commit=30,data=journal");
	assert_works(mount_options_parse("xfs", "suid,dev,exec,inode64", &flags, NULL, &e));
	assert_int_equal(flags, 0);
	assert_works(mount_options_parse("xfs", "allocsize=64k,logbufs=8", &flags, NULL, &e));
	assert_works(
		mount_options_parse("ext4", "data=ordered,errors=remount-ro", &flags, NULL, &e));
	assert_true(mount_options_have("noatime,rw", "rw"));
	assert_false(mount_options_have("norw,rwx", "rw"));
	assert_false(mount_options_have(NULL, "rw"));
	assert_works(mount_options_parse(NULL, NULL, &flags, &none, &e));
	assert_int_equal(flags, MS_NOSUID | MS_NODEV);
	assert_string_equal(none, "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_err_ struct err *e = NULL;

		if (mount_options_parse(NULL, bad[i], &flags, NULL, &e) != -EINVAL)
			fail_msg("'%s' is let through", bad[i]);
	}
	assert_fails(mount_options_parse("xfs", "commit=3", &flags, NULL, &e), -EINVAL, ERR_USAGE,
		     "commit=3");
}

/* What both ways to mount add to OPTIONS. */
static char *added(const char *type, unsigned how, const char *options)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	filesystem_put_options(type, how, options, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_options_of_every_mount(void **state)
{
	static const struct {
		const char *type;
		unsigned how;
		const char *given, *added;
	} cases[] = {
		{"ext4", 0, "noatime", "errors=remount-ro,"},
		{"ext4", 0, "errors=continue,noatime", ""},
		{"ext4", 0, "x-errors=a", "errors=remount-ro,"},
		{"ext3", FILESYSTEM_READ_ONLY, "", "ro,errors=remount-ro,noload,"},
		{"ext3", FILESYSTEM_READ_ONLY, "ro,noload,", "errors=remount-ro,"},
		{"ext2", FILESYSTEM_READ_ONLY, "", "ro,errors=remount-ro,"},
		{"xfs", 0, "noatime", "nouuid,"},
		{"xfs", FILESYSTEM_OWN_UUID, "", ""},
		{"xfs", FILESYSTEM_READ_ONLY, "nouuid", "ro,norecovery,"},
		{"btrfs", 0, "", ""},
		{"vfat", FILESYSTEM_READ_ONLY, "", "ro,"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = added(cases[i].type, cases[i].how, cases[i].given);

		assert_string_equal(text, cases[i].added);
	}
}

/* An image with ext4 on it, changed by tune2fs with OPTION and VALUE; the caller removes it. */
static int make_ext4(char *image, const char *option, const char *value)
{
	const char *const make[] = {"mkfs.ext4", "-q", "-F", "-b", "4096", image, NULL};
	const char *const change[] = {"tune2fs", option, value, image, NULL};
	int fd = mkstemp(image);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	assert_works(run_program(make, deadline_in(60 * USEC_PER_SEC), NULL, &e));
	if (option)
		assert_works(run_program(change, deadline_in(60 * USEC_PER_SEC), NULL, &e));
	return fd;
}

/* Options that the kernel takes from a superblock. */
static void test_superblocks(void **state)
{
	static const struct {
		const char *option, *value;
		const char *given;
		const char *refusal; /* NULL: it is mounted */
	} cases[] = {
		{NULL, NULL, "", NULL},
		{"-e", "panic", "", NULL}, /* is told otherwise at the mount */
		{"-E", "mount_opts=commit=30", "", NULL},
		{"-E", "mount_opts=errors=panic", "", NULL},
		{"-E", "mount_opts=journal_path=/dev/sda", "", "'journal_path=/dev/sda'"},
		{"-E", "mount_opts=journal_dev=0x801", "noatime", "'journal_dev=0x801'"},
		{"-E", "mount_opts=abort", "", "'abort'"},
		{"-E", "mount_opts=abort", "noatime,abort", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char image[] = "/tmp/rbdvol-test-XXXXXX";

		close(make_ext4(image, cases[i].option, cases[i].value));
		if (!cases[i].refusal)
			assert_works(
				filesystem_check_superblock(image, "ext4", cases[i].given, &e));
		else
			assert_fails(filesystem_check_superblock(image, "ext4", cases[i].given, &e),
				     -EPERM, ERR_NOT_PERMITTED, cases[i].refusal);
		unlink(image);
	}
}

/* A journal that is on another device is opened by that device's number. */
static void test_journal_elsewhere(void **state)
{
	static const unsigned char nothing[4];
	char image[] = "/tmp/rbdvol-test-XXXXXX";
	int fd = make_ext4(image, NULL, NULL);

	(void)state;
	assert_works(filesystem_check_superblock(image, "ext4", "", &e));
	assert_int_equal(pwrite(fd, nothing, sizeof(nothing), 1024 + 0xe0), 4);
	assert_fails(filesystem_check_superblock(image, "ext4", "", &e), -EPERM, ERR_NOT_PERMITTED,
		     "its journal on another device");
	assert_works(filesystem_check_superblock(image, "ext4", "journal_dev=0x801", &e));
	assert_works(filesystem_check_superblock(image, "xfs", "", &e));
	close(fd);
	unlink(image);
}

static void test_sizes(void **state)
{
	(void)state;
	assert_works(filesystem_check_size("ext4", 2 << 20, &e));
	assert_fails(filesystem_check_size("ext4", (2 << 20) - 1, &e), -EINVAL, ERR_USAGE,
		     "no room for a file system of type ext4, which wants 2 MiB");
	assert_fails(filesystem_check_size("xfs", 64 << 20, &e), -EINVAL, ERR_USAGE, "300 MiB");
	assert_works(filesystem_check_size("hfs", 1, &e));
}

static void test_types(void **state)
{
	(void)state;
	assert_works(filesystem_known("ext3", false, &e));
	assert_fails(filesystem_known("ext3", true, &e), -EOPNOTSUPP, ERR_UNSUPPORTED, "make");
	assert_fails(filesystem_known("crypto_LUKS", false, &e), -EOPNOTSUPP, ERR_UNSUPPORTED,
		     "crypto_LUKS");
}

static void test_run(void **state)
{
	const char *const fine[] = {"sh", "-c", "echo one; echo two >&2; exit 3", NULL};
	const char *const stuck[] = {"sh", "-c", "echo at it; sleep 60", NULL};
	const char *const none[] = {"no-such-program-at-all", NULL};
	_cleanup_free_ char *said = NULL;
	_cleanup_err_ struct err *error = NULL;
	uint64_t start_us = clock_now_us();

	(void)state;
	assert_int_equal(run_program(fine, deadline_in(10 * USEC_PER_SEC), &said, &error), 3);
	assert_string_equal(said, "one two");
	assert_fails(run_program(none, deadline_in(USEC_PER_SEC), NULL, &e), -ENOENT,
		     ERR_UNSUPPORTED, "not installed");
	assert_fails(run_program(stuck, deadline_in(USEC_PER_SEC / 4), NULL, &e), -ETIMEDOUT,
		     ERR_UNREACHABLE, "it said: at it");
	assert_true(clock_now_us() - start_us < 20 * USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mkfs_options),
		cmocka_unit_test(test_mount_options),
		cmocka_unit_test(test_options_of_every_mount),
		cmocka_unit_test(test_superblocks),
		cmocka_unit_test(test_journal_elsewhere),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_run),
	};

	return cmocka_run_group_tests_name("filesystem", tests, NULL, NULL);
}
