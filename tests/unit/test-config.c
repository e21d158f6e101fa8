/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvol.conf: defaults, drop-ins, and every bad line named; who may do what. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "daemon/config.h"

struct directory {
	char path[64];
	char file[80];
	char drop_ins[80];
};

static int setup(void **state)
{
	struct directory *f = calloc(1, sizeof(*f));

	snprintf(f->path, sizeof(f->path), "/tmp/rbdvol-config-XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/x.conf", f->path);
	snprintf(f->drop_ins, sizeof(f->drop_ins), "%s/x.conf.d", f->path);
	*state = f;
	return mkdir(f->drop_ins, 0755);
}

static void path_in(const struct directory *f, const char *name, char out[static 128])
{
	snprintf(out, 128, "%s/%s", f->drop_ins, name);
}

static int teardown(void **state)
{
	static const char *const names[] = {"10-a.conf", "20-b.conf", "ignored.txt",
					    ".hidden.conf"};
	struct directory *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		path_in(f, names[i], path);
		remove(path);
	}
	remove(f->drop_ins);
	remove(f->file);
	remove(f->path);
	free(f);
	return 0;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void drop_in(const struct directory *f, const char *name, const char *text)
{
	char path[128];

	path_in(f, name, path);
	write_file(path, text, strlen(text));
}

static void test_defaults(void **state)
{
	const struct directory *f = *state;
	_cleanup_config_ struct config c = {0};
	_cleanup_err_ struct err *e = NULL;

	assert_int_equal(config_load(f->file, false, &c, &e), 0);
	assert_string_equal(c.cluster, "ceph");
	assert_null(c.user); /* CEPH_ARGS, then admin: librados' affair */
	assert_string_equal(c.pool, "rbd");
	assert_null(c.conf);
	assert_null(c.keyring);
	assert_null(c.map_options);
	assert_int_equal(c.timeout_us, 30 * USEC_PER_SEC);
	assert_true(c.cluster_timeout_us < c.timeout_us);
	assert_int_equal(c.stuck_us, 60 * USEC_PER_SEC);
	assert_int_equal(c.changers.n_uids + c.changers.n_gids, 0);
}

static void test_missing_file_that_was_asked_for(void **state)
{
	const struct directory *f = *state;
	_cleanup_config_ struct config c = {0};
	_cleanup_err_ struct err *e = NULL;

	assert_int_equal(config_load(f->file, true, &c, &e), -ENOENT);
	assert_non_null(strstr(e->message, f->file));
}

static void test_values_and_drop_ins(void **state)
{
	static const char text[] =
		"# comment\n\n[rbdvol]\r\ncluster = west\nuser=web\n"
		"conf = /etc/ceph/w.conf\nkeyring = /etc/ceph/k\npool = p1\n"
		"timeout = 12.5\ntrims-at-once = 3\ncluster-timeout = 3 ; short\nstuck-after = 90\n"
		"map-options = ms_mode=crc,queue_depth=64\n"
		"allow-change = root, @root 1234 @4321\nallow-user = web, backup\nallow-cluster = "
		"*";
	const struct directory *f = *state;
	_cleanup_config_ struct config c = {0};
	_cleanup_err_ struct err *e = NULL;

	write_file(f->file, text, strlen(text));
	drop_in(f, "20-b.conf", "[rbdvol]\npool = p3\n");
	drop_in(f, "10-a.conf", "[rbdvol]\npool = p2\nuser = other\n");
	drop_in(f, "ignored.txt", "nonsense\n");
	drop_in(f, ".hidden.conf", "nonsense\n");
	assert_int_equal(config_load(f->file, true, &c, &e), 0);
	assert_string_equal(c.cluster, "west");
	assert_string_equal(c.user, "other");
	assert_string_equal(c.pool, "p3");
	assert_string_equal(c.map_options, "ms_mode=crc,queue_depth=64");
	assert_int_equal(c.timeout_us, 12500000);
	assert_int_equal(c.cluster_timeout_us, 3 * USEC_PER_SEC);
	assert_int_equal(c.stuck_us, 90 * USEC_PER_SEC);
	assert_int_equal(c.trims_at_once, 3);
	assert_int_equal(c.allowed_users.n, 2);
	assert_string_equal(c.allowed_users.items[1], "backup");
	assert_string_equal(c.allowed_clusters.items[0], "*");
	assert_int_equal(c.changers.n_uids, 2);
	assert_int_equal(c.changers.uids[1], 1234);
	assert_int_equal(c.changers.n_gids, 2);
	assert_int_equal(c.changers.gids[1], 4321);
}

/* What is refused, and what the reason must hold: the line, and a word on it. */
static const struct {
	const char *text;
	const char *expected[3];
} bad[] = {
	{"[rbdvol]\nfrob = 1\n", {":2: ", "no key 'frob'"}},
	{"pool = p\n", {":1: ", "no section"}},
	{"[cluster]\npool = p\n", {":1: ", "no section [cluster]"}},
	{"[rbdvol\npool = p\n", {":1: ", "']'"}},
	{"[rbdvol]\npool\n", {":2: ", "key = value"}},
	{"[rbdvol]\npool =\n", {":2: ", "no value"}},
	{"[rbdvol]\npool = a\npool = b\n", {":3: ", "given twice"}},
	{"[rbdvol]\npool = a\n  user = b\n", {":3: ", "indented"}},
	{"[rbdvol]\ntimeout = soon\n", {":2: ", "timeout"}},
	{"[rbdvol]\ntimeout = -1\n", {":2: ", "timeout"}},
	{"[rbdvol]\nkeyring = here\n", {":2: ", "absolute path"}},
	{"[rbdvol]\nuser = client.admin\n", {":2: ", "without 'client.'"}},
	{"[rbdvol]\nallow-change = @\n", {":2: ", "no group"}},
	{"[rbdvol]\nallow-change = 4294967295\n", {":2: ", "4294967295"}},
	{"[rbdvol]\nfrob = 1\n\npool\ntimeout = x\n", {":2: ", ":4: ", ":5: "}},
};

static void test_bad_lines(void **state)
{
	const struct directory *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_config_ struct config c = {0};
		_cleanup_err_ struct err *e = NULL;

		write_file(f->file, bad[i].text, strlen(bad[i].text));
		assert_int_equal(config_load(f->file, true, &c, &e), -EINVAL);
		assert_int_equal(e->kind, ERR_USAGE);
		assert_non_null(strstr(e->message, f->file));
		for (size_t k = 0; k < 3 && bad[i].expected[k]; k++)
			if (!strstr(e->message, bad[i].expected[k]))
				fail_msg("'%s' lacks '%s'", e->message, bad[i].expected[k]);
		assert_null(c.cluster);
	}
}

static void test_long_line_and_nul(void **state)
{
	const struct directory *f = *state;
	static const char nul[] = "[rbdvol]\npool = a\0b\nfrob = 1\n";
	char text[1024] = "[rbdvol]\npool = ";

	memset(text + strlen(text), 'x', 600);
	memcpy(text + strlen(text), "\nfrob = 1\n", 11);
	for (int i = 0; i < 2; i++) {
		_cleanup_config_ struct config c = {0};
		_cleanup_err_ struct err *e = NULL;

		write_file(f->file, i ? nul : text, i ? sizeof(nul) - 1 : strlen(text));
		assert_int_equal(config_load(f->file, true, &c, &e), -EINVAL);
		assert_non_null(strstr(e->message,
				       i ? ":2: the line has a NUL" : ":2: the line is longer"));
		assert_non_null(strstr(e->message, ":3: there is no key 'frob'"));
	}
}

static void test_bad_drop_in(void **state)
{
	const struct directory *f = *state;
	_cleanup_config_ struct config c = {0};
	_cleanup_err_ struct err *e = NULL;

	drop_in(f, "10-a.conf", "[rbdvol]\nfrob = 1\n");
	assert_int_equal(config_load(f->file, false, &c, &e), -EINVAL);
	assert_non_null(strstr(e->message, "10-a.conf:2: "));
}

static void test_peers(void **state)
{
	_cleanup_err_ struct err *look = NULL, *change = NULL, *none = NULL;
	const struct peer root = {.uid = 0, .gid = 12345}, user = {.uid = 4000000, .gid = 4000001};
	struct id_list list = {0};

	(void)state;
	assert_int_equal(peer_check(&root, ACCESS_CHANGE, &list, &none), 0);
	assert_int_equal(peer_check(&user, ACCESS_READ, &list, &look), -EPERM);
	assert_int_equal(look->kind, ERR_NOT_PERMITTED);
	assert_int_equal(peer_check(&user, ACCESS_CHANGE, &list, &change), -EPERM);
	assert_int_equal(id_list_add(&list, "@4000001", &none), 0);
	assert_int_equal(peer_check(&user, ACCESS_CHANGE, &list, &none), 0);
	assert_int_equal(peer_check(&user, ACCESS_READ, &list, &none), 0);
	id_list_deinit(&list);
	assert_int_equal(id_list_add(&list, "4000000", &none), 0);
	assert_int_equal(peer_check(&user, ACCESS_CHANGE, &list, &none), 0);
	id_list_deinit(&list);
}

/* LDAP comes after the network, and an initramfs has no users at all: a host must boot all the
 * same. */
static void test_unknown_names(void **state)
{
	static const char text[] =
		"[rbdvol]\nallow-change = root no-such-user-x @no-such-group-x\n";
	const struct peer user = {.uid = 4000000, .gid = 4000001};
	const struct directory *f = *state;
	_cleanup_config_ struct config c = {0};
	_cleanup_err_ struct err *e = NULL, *change = NULL;

	write_file(f->file, text, strlen(text));
	assert_int_equal(config_load(f->file, true, &c, &e), 0);
	assert_int_equal(c.changers.n_uids, 1);
	assert_int_equal(c.changers.unknown.n, 2);
	assert_int_equal(peer_check(&user, ACCESS_CHANGE, &c.changers, &change), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_file_that_was_asked_for, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_values_and_drop_ins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_line_and_nul, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_drop_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_names, setup, teardown),
		cmocka_unit_test(test_peers),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
