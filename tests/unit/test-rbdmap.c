/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of rbdmap's table: what they are in rbdvoltab and fstab, and which are refused. */
#include "cli/rbdmap-lines.h"
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
		{"p/v options='crc,queue_depth=1'", "p/v - map=crc,map=queue_depth=1", NULL},
		{"p/v options='ro,rw,nocrc'", "p/v - ro,map=nocrc", NULL},
		{"p/v options='read_only'", "p/v - ro", NULL},
		{"p/v read-only,options='ro,exclusive,exclusive',exclusive",
		 "p/v - ro,map=exclusive", NULL},
		{"p/v id=x,options='rxbounce,ms_mode=secure,crush_location=host:a|rack:b'",
		 "p/v - id=x,map=rxbounce,map=ms_mode=secure,map=crush_location=host:a|rack:b",
		 NULL},
		{"p/v namespace=n,snap=s", "p/n/v@s", NULL},
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

static void what_rbdvol_does_anyway_is_dropped_with_a_note(void **state)
{
	static const struct {
		const char *text, *line, *note;
	} dropped[] = {
		{"p/v options='noshare'", "p/v", "'noshare' is dropped: rbdvol decides it"},
		{"p/v options='share,crc'", "p/v - map=crc", "'share' is dropped"},
		{"p/v options='udev'", "p/v", "'udev' is dropped: rbdvol always waits for udev"},
		{"p/v options='crc,noudev'", "p/v - map=crc", "'noudev' is dropped"},
		{"p/v options=rw", "p/v", "'rw' is dropped"},
		{"p/v options=try-nbd", "p/v", "'try-nbd' is dropped"},
		{"p/v snap=-", "p/v", "'snap=-' is dropped"},
		{"p/v@s snap=t", "p/v@s", "'snap' is dropped"},
		{"p/n/v namespace=m", "p/n/v", "'namespace' is dropped"},
		{"p/v pool=q", "p/v", "'pool' is dropped"},
		{"p/v device-type=krbd", "p/v", "'device-type=krbd' is dropped"},
		{"p/v no-progress", "p/v", "'no-progress' is dropped"},
		{"p/v quiesce", "p/v", "'quiesce' is dropped: it is for devices of type nbd"},
		{"p/v id=x,keyfile=/etc/k", "p/v - id=x", "'keyfile' is dropped: rbdvold reads"},
		{"p/v secret=/etc/k", "p/v", "make one of /etc/k"},
		{"p/v secret=AQBkey==", "p/v", "make one of the file"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		_cleanup_rbdmap_line_ struct rbdmap_line l = {0};
		_cleanup_free_ char *line = NULL;
		_cleanup_err_ struct err *e = NULL;

		if (parse(dropped[i].text, &l, &e) != 1)
			fail_msg("'%s': %s", dropped[i].text, e ? e->message : "nothing");
		line = rbdmap_volume_line(&l);
		assert_non_null(line);
		assert_string_equal(line, dropped[i].line);
		assert_int_equal(l.notes.n, 1);
		if (!strstr(l.notes.items[0], dropped[i].note))
			fail_msg("'%s': %s", dropped[i].text, l.notes.items[0]);
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
		{"p/v options='nosuchthing'", "no map option 'nosuchthing'"},
		{"p/v options='queue_depth'", "map option queue_depth takes a value"},
		{"p/v options='queue_depth=0'", "queue_depth"},
		{"p/v options='crc,nocrc'", "exclude each other"},
		{"p/v options='secret=k'", "map option secret cannot be given"},
		{"p/v options='_pool_ns=n'", "the namespace is a part of the volume's name"},
		{"p/v device-type=nbd", "a device of type 'nbd'"},
		{"p/v conf=/etc/c", "cannot name another configuration, as 'conf'"},
		{"p/v mon_host=a", "cannot name another configuration, as 'mon_host'"},
		{"p/v snap=a/b", "bad volume name"},
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
		{"p/n/v@s", "/dev/rbd/p/n/v@s-part1 /srv ext4 ro,noauto 0 0",
		 "/dev/rbdvol/p/n/v@s-part1 /srv ext4 ro,_netdev 0 0"},
		{"p/v",
		 "/dev/rbd/p/v /srv ext4 noauto,x-systemd.requires=rbdmap.service,nofail 0 0",
		 "/dev/rbdvol/p/v /srv ext4 nofail,_netdev 0 0"},
		{"p/v",
		 "/dev/rbd/p/v /srv ext4 x-systemd.after=rbdmap,x-systemd.requires=x.service",
		 "/dev/rbdvol/p/v /srv ext4 x-systemd.requires=x.service,_netdev"},
		{"p/v", "# /dev/rbd/p/v /srv ext4", NULL},
		{"p/v", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		_cleanup_rbdmap_line_ struct rbdmap_line l = {0};
		_cleanup_free_ char *then = NULL, *name = NULL, *link = NULL, *device = NULL;
		_cleanup_err_ struct err *e = NULL;
		const char *suffix;

		assert_int_equal(parse(mounts[i].volume, &l, &e), 1);
		device = strndup(mounts[i].now, strcspn(mounts[i].now, " \t"));
		suffix = rbdmap_suffix(&l.spec, device);
		assert_int_equal(suffix != NULL, mounts[i].then != NULL);
		if (!suffix)
			continue;
		name = spec_link_name(&l.spec);
		assert_true(asprintf(&link, "/dev/rbdvol/%s%s", name, suffix) > 0);
		assert_int_equal(rbdmap_fstab_line(mounts[i].now, link, &then), 1);
		assert_string_equal(then, mounts[i].then);
	}
}

/* What is on LVM or dm-crypt keeps its device; what is as it has to be is left. */
static void options_change_alone(void **state)
{
	static const struct {
		const char *now, *then;
	} lines[] = {
		{"/dev/mapper/x /srv ext4 noauto 0 2", "/dev/mapper/x /srv ext4 _netdev 0 2"},
		{"/dev/mapper/x /srv ext4 noatime,_netdev 0 2", NULL},
		{"/dev/mapper/x /srv ext4 defaults,_netdev", NULL},
		{"/dev/mapper/x /srv ext4 _netdev,x-systemd.requires=rbdmap.service 0 0",
		 "/dev/mapper/x /srv ext4 _netdev 0 0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *then = NULL;

		assert_int_equal(rbdmap_fstab_line(lines[i].now, NULL, &then), !!lines[i].then);
		if (lines[i].then)
			assert_string_equal(then, lines[i].then);
	}
}

static void crypttab_goes_by_the_name_of_the_device(void **state)
{
	static const struct {
		const char *now, *link, *then;
	} lines[] = {
		{"c /dev/rbd/p/v none luks", "/dev/rbdvol/p/v",
		 "c /dev/rbdvol/p/v none luks,_netdev"},
		{"c\tUUID=1\t/etc/key", "/dev/rbdvol/p/v-part1",
		 "c /dev/rbdvol/p/v-part1 /etc/key _netdev"},
		{"c UUID=1", "/dev/rbdvol/p/v", "c /dev/rbdvol/p/v none _netdev"},
		{"c UUID=1 none luks,_netdev", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *then = NULL;

		assert_int_equal(rbdmap_crypttab_line(lines[i].now, lines[i].link, &then),
				 !!lines[i].then);
		if (lines[i].then)
			assert_string_equal(then, lines[i].then);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_become_lines_of_rbdvoltab),
		cmocka_unit_test(what_rbdvol_does_anyway_is_dropped_with_a_note),
		cmocka_unit_test(lines_without_a_volume_are_left),
		cmocka_unit_test(bad_lines_are_told),
		cmocka_unit_test(a_line_too_long_is_told),
		cmocka_unit_test(mounts_go_by_the_name_of_the_device),
		cmocka_unit_test(options_change_alone),
		cmocka_unit_test(crypttab_goes_by_the_name_of_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
