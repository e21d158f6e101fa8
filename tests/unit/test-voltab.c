/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of rbdvoltab and fstab: what is made of good ones, and what is said of bad ones. */
#include "systemd/voltab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static int parse(const char *text, bool fstab, struct voltab_line *out, struct err **e)
{
	_cleanup_free_ char *copy = strdup(text);

	assert_non_null(copy);
	return voltab_parse(copy, fstab, out, e);
}

static void assert_words(const struct strlist *words, const char *wanted)
{
	_cleanup_free_ char *got = strlist_join(words, " ", 0);

	assert_non_null(got);
	assert_string_equal(got, wanted);
}

static void good_lines_become_words_of_attach(void **state)
{
	static const struct {
		const char *text, *volume, *attach, *create;
		bool fstab;
	} good[] = {
		{"vms/db1", "vms/db1", "", "", false},
		{"  db1\t-", "db1", "", "", false},
		{"db1 none defaults", "db1", "", "", false},
		{"db1 golden", "db1", "--from golden", "", false},
		{"db1 golden@s size=3G", "db1", "--from golden@s --size 3G", "", false},
		{"db1 - size=3G", "db1", "", "--size 3G", false},
		{"db1 - retry=5,size=3G", "db1", "--retry 5", "--retry 5 --size 3G", false},
		{"db1 - ro", "db1", "--read-only", "", false},
		{"db1 - map=queue_depth=9,map=notrim", "db1",
		 "--options queue_depth=9 --options notrim", "", false},
		{"db1 - shared", "db1", "--shared", "", false},
		{"db1 - shared=no", "db1", "", "", false},
		{"a\\043b", "a#b", "", "", false},
		{"p/v /srv rbdvol _netdev,noatime,x-foo=1", "p/v", "", "", true},
		{"p/v /srv rbdvol size=1G,from=g,_netdev 0 2", "p/v", "--from g", "", true},
		{"p/v /srv rbdvol size=1G,_netdev 0 2", "p/v", "", "--size 1G", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_voltab_line_ struct voltab_line l = {0};
		_cleanup_err_ struct err *e = NULL;

		if (parse(good[i].text, good[i].fstab, &l, &e) != 1)
			fail_msg("'%s': %s", good[i].text, e ? e->message : "nothing");
		assert_string_equal(l.volume, good[i].volume);
		assert_words(&l.attach, good[i].attach);
		assert_words(&l.create, good[i].create);
	}
}

static void lines_of_others_are_left(void **state)
{
	static const struct {
		const char *text;
		bool fstab;
	} others[] = {
		{"", false},
		{" \t ", false},
		{"# a comment", false},
		{"#x", true},
		{"/dev/sda1 / ext4 defaults 0 1", true},
		{"p/v /srv", true},
		{"p/v", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct voltab_line l;

		assert_works(parse(others[i].text, others[i].fstab, &l, &e));
	}
}

static void bad_lines_are_told(void **state)
{
	static const struct {
		const char *text, *why;
		bool fstab;
	} bad[] = {
		{"a/b/c/d", "bad volume name", false},
		{"/x", "bad volume name", false},
		{"a\\040b", "'rbd/a b' cannot be mapped", false},
		{"v a/b/c/d", "bad volume name", false},
		{"v - frobnicate", "no option 'frobnicate'", false},
		{"v - size", "size= has no value", false},
		{"v - size=", "size= has no value", false},
		{"v - size=x", "is not a size", false},
		{"v - size=0", "size", false},
		{"v g clone_format=x", "clone_format", false},
		{"v - timeout=x", "timeout", false},
		{"v - map=", "map= has no value", false},
		{"v - retry=x", "retry", false},
		{"v - retry", "retry", false},
		{"v - ro more", "unexpected word 'more'", false},
		{"v - x-systemd.automount", "no option", false},
		{"v - umount_timeout=3", "no option", false},
		{"v - shared=maybe", "shared", false},
		{"v - steal", "steal", false},
		{"v - steal_shared", "steal", false},
		{"v g from=h", "a second parent: 'g'", false},
		{"v - from=g,from=h", "a second parent: 'h'", false},
		{"v /srv rbdvol _netdev,steal", "steal", true},
		{"v /srv rbdvol _netdev,from=g,from=h", "a second parent: 'h'", true},
		{"v /srv rbdvol _netdev,part=x", "part", true},
		{"v /srv rbdvol _netdev,part", "part", true},
		{"v /srv rbdvol _netdev,mkfs=../y", "'../y' cannot be the type", true},
		{"v /srv rbdvol _netdev,mkfs", "has no value", true},
		{"v /srv rbdvol _netdev,fstype=/x", "'/x' cannot be the type", true},
		{"v srv rbdvol _netdev", "'srv' does not begin with /", true},
		{"v none rbdvol _netdev", "'none' does not begin with /", true},
		{"v /srv rbdvol noatime", "_netdev is missing", true},
		{"v /srv rbdvol", "_netdev is missing", true},
		{"v /srv rbdvol _netdev,umount_timeout=x", "umount_timeout", true},
		{"v /srv rbdvol _netdev,umount_timeout", "umount_timeout", true},
		{"v /srv rbdvol _netdev,from=", "from= has no value", true},
		{"v /srv rbdvol _netdev,from=a/b/c/d", "bad volume name", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct voltab_line l = {0};
		struct err *why = NULL;
		int r = parse(bad[i].text, bad[i].fstab, &l, &why);

		if (r >= 0 || !why || !strstr(why->message, bad[i].why))
			fail_msg("'%s' gave %d: %s", bad[i].text, r, why ? why->message : "");
		assert_int_equal(why->kind, ERR_USAGE);
		assert_null(l.volume);
		err_free(why);
	}
}

static void words_that_are_not_attachs_set_flags(void **state)
{
	_cleanup_voltab_line_ struct voltab_line l = {0}, m = {0};
	_cleanup_err_ struct err *e = NULL;

	(void)state;
	assert_int_equal(parse("p/s-1 - swap,nofail,noauto", false, &l, &e), 1);
	assert_true(l.swap && l.nofail && l.noauto);
	assert_null(l.directory);
	assert_string_equal(l.link, "/dev/rbdvol/p/s-1");
	assert_int_equal(
		parse("v /a\\040b rbdvol _netdev,x-systemd.automount,umount_timeout=2.5,swap", true,
		      &m, &e),
		1);
	assert_true(m.automount && m.netdev && !m.swap && !m.nofail);
	assert_string_equal(m.directory, "/a b");
	assert_string_equal(m.umount_timeout, "2.5");
	assert_string_equal(m.link, "/dev/rbdvol/rbd/v");
	assert_int_equal(m.detach.n, 0);
	assert_null(m.cluster);
}

static void the_detach_looks_where_the_attach_did(void **state)
{
	_cleanup_voltab_line_ struct voltab_line l = {0};
	_cleanup_err_ struct err *e = NULL;

	(void)state;
	assert_int_equal(parse("v g pool=p,id=u,cluster=c,timeout=9,shared", false, &l, &e), 1);
	assert_words(&l.detach, "--pool p --id u --cluster c");
	assert_string_equal(l.cluster, "c");
	assert_string_equal(l.link, "/dev/rbdvol/p/v");
}

static void names_are_escaped_as_systemd_does(void **state)
{
	static const struct {
		const char *text, *name;
		bool path;
	} names[] = {
		{"rbd/web1", "rbd-web1", false},
		{"rbd/a-b", "rbd-a\\x2db", false},
		{"a b", "a\\x20b", false},
		{".x", "\\x2ex", false},
		{"/", "-", true},
		{"/srv//a/", "srv-a", true},
		{"/srv/\xc3\xa4", "srv-\\xc3\\xa4", true},
		{"a@1", "a\\x401", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *got = NULL;
		size_t len;
		FILE *f = open_memstream(&got, &len);

		assert_non_null(f);
		unit_escape(f, names[i].text, names[i].path);
		fclose(f);
		assert_string_equal(got, names[i].name);
	}
}

static void words_are_quoted(void **state)
{
	_cleanup_free_ char *got = NULL;
	char *items[] = {"a b", "50%", "$X", "\"\\"};
	const struct strlist words = {.items = items, .n = ARRAY_SIZE(items)};
	size_t len;
	FILE *f = open_memstream(&got, &len);

	(void)state;
	assert_non_null(f);
	unit_words(f, &words);
	fclose(f);
	assert_string_equal(got, " \"a b\" \"50%%\" \"$$X\" \"\\\"\\\\\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_become_words_of_attach),
		cmocka_unit_test(lines_of_others_are_left),
		cmocka_unit_test(bad_lines_are_told),
		cmocka_unit_test(words_that_are_not_attachs_set_flags),
		cmocka_unit_test(the_detach_looks_where_the_attach_did),
		cmocka_unit_test(names_are_escaped_as_systemd_does),
		cmocka_unit_test(words_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
