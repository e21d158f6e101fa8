/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of rbdmap's table: what they are in rbdvoltab and fstab, and which are refused. */
#include "cli/rbdmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static int parse(const char *text, struct rbdmap_line *out, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text);

	assert_non_null(copy);
	return rbdmap_parse(copy, out, e);
}

static void good_lines_become_lines_of_rbdvoltab(void **state)
{
	static const struct {
		const char *text, *line, *keyring;
	} good[] = {
		{"p/v", "p/v", NULL},
		{"v", "rbd/v", NULL},
		{"  p/v\t ", "p/v", NULL},
		{"p/ns/v@s", "p/ns/v@s", NULL},
		{"p/v id=x", "p/v - id=x", NULL},
		{"p/v user=x,cluster=c", "p/v - id=x,cluster=c", NULL},
		{"p/v name=client.x.y", "p/v - id=x.y", NULL},
		{"p/v id=x,keyring=/etc/k", "p/v - id=x", "/etc/k"},
		{"p/v keyring=/a,keyring=/b", "p/v", "/b"},
		{"p/v read-only", "p/v - ro", NULL},
		{"p/v exclusive,id=x", "p/v - map=exclusive,id=x", NULL},
		{"p/v options='a,b=1'", "p/v - map=a,map=b=1", NULL},
		{"p/v options='ro,rw,a'", "p/v - ro,map=a", NULL},
		{"p/v id=x,options=lock_on_read", "p/v - id=x,map=lock_on_read", NULL},
		{"p/v id=x,,", "p/v - id=x", NULL},
		{"p/v id=x # why", "p/v - id=x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_rbdmap_line_ struct rbdmap_line l = {0};
		_cleanup_free_ char *line = NULL;
		_cleanup_err_ struct err *e = NULL;

		if (parse(good[i].text, &l, &e) != 1)
			fail_msg("'%s': %s", good[i].text, e ? e->message : "nothing");
		line = rbdmap_volume_line(&l);
		assert_non_null(line);
		assert_string_equal(line, good[i].line);
		if (good[i].keyring)
			assert_string_equal(l.keyring, good[i].keyring);
		else
			assert_null(l.keyring);
	}
}

static void lines_without_a_volume_are_left(void **state)
{
	static const char *const others[] = {"", " \t", "# RbdDevice Parameters", "  #p/v"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct rbdmap_line l;

		assert_works(parse(others[i], &l, &e));
	}
}

static void bad_lines_are_told(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"a/b/c/d", "bad volume name"},
		{"p/v id", "'id' has no value"},
		{"p/v id=", "'id' has no value"},
		{"p/v id='a,b'", "has a comma"},
		{"p/v name=x", "not that of a client"},
		{"p/v name=client.", "not that of a client"},
		{"p/v keyring=", "'keyring' has no value"},
		{"p/v read-only=yes", "takes no value"},
		{"p/v exclusive=1", "takes no value"},
		{"p/v frobnicate=1", "nothing for the parameter 'frobnicate'"},
		{"p/v options='a,b", "quote is not closed"},
		{"p/v id=x more", "a blank or control character"},
		{"p/v id=\001", "a blank or control character"},
		{"p/v id=x\\", "a backslash"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct rbdmap_line l = {0};
		struct err *why = NULL;
		int r = parse(bad[i].text, &l, &why);

		if (r >= 0 || !why || !strstr(why->message, bad[i].why))
			fail_msg("'%s' gave %d: %s", bad[i].text, r, why ? why->message : "");
		assert_int_equal(why->kind, ERR_USAGE);
		assert_null(l.spec.image);
		err_free(why);
	}
}

static void a_line_too_long_is_told(void **state)
{
	char text[5000];
	struct rbdmap_line l = {0};
	struct err *why = NULL;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "p/v id=", 7);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse(text, &l, &why), -E2BIG);
	err_free(why);
}

static void mounts_go_by_the_name_of_the_device(void **state)
{
	static const struct {
		const char *volume, *now, *then; /* NULL: it stays */
	} mounts[] = {
		{"p/v", "/dev/rbd/p/v /srv ext4 noauto 0 0",
		 "/dev/rbdvol/p/v /srv ext4 _netdev 0 0"},
		{"p/v", "/dev/rbd/p/v-part2\t/srv\txfs\tdefaults,noatime,_netdev 0 2",
		 "/dev/rbdvol/p/v-part2 /srv xfs noatime,_netdev 0 2"},
		{"p/v", "/dev/rbd/p/v /srv ext4", "/dev/rbdvol/p/v /srv ext4 _netdev"},
		{"p/v", "/dev/rbd/p/v2 /srv ext4 noauto 0 0", NULL},
		{"p/v", "/dev/rbd/p/v-partx /srv ext4 noauto 0 0", NULL},
		{"p/v", "/dev/rbd/q/v /srv ext4 noauto 0 0", NULL},
		{"p/v", "UUID=1 /srv ext4 noauto 0 0", NULL},
		{"p/v", "# /dev/rbd/p/v /srv ext4", NULL},
		{"p/v", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		_cleanup_rbdmap_line_ struct rbdmap_line l = {0};
		_cleanup_free_ char *then = NULL;
		_cleanup_err_ struct err *e = NULL;

		assert_int_equal(parse(mounts[i].volume, &l, &e), 1);
		assert_int_equal(rbdmap_fstab_line(&l, mounts[i].now, &then), !!mounts[i].then);
		if (mounts[i].then)
			assert_string_equal(then, mounts[i].then);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_become_lines_of_rbdvoltab),
		cmocka_unit_test(lines_without_a_volume_are_left),
		cmocka_unit_test(bad_lines_are_told),
		cmocka_unit_test(a_line_too_long_is_told),
		cmocka_unit_test(mounts_go_by_the_name_of_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
