/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which words of mkfs and mount are let through, and programs that are run to their end. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

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
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_run),
	};

	return cmocka_run_group_tests_name("filesystem", tests, NULL, NULL);
}
