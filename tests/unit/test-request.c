/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/request.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void verbs_have_names(void **state)
{
	(void)state;
	assert_string_equal(verb_name(VERB_CREATE), "create");
	assert_string_equal(verb_name(VERB_JOBS), "jobs");
	assert_null(verb_name(VERB_CREATE | VERB_ATTACH));
	assert_null(verb_name(VERB_EVERY));
	for (int v = 1; v < VERB_EVERY; v <<= 1)
		assert_non_null(verb_name((enum verb)v));
}

static void options_belong_to_verbs(void **state)
{
	_cleanup_request_ struct volume_request req = {0};

	(void)state;
	assert_non_null(request_option_find(VERB_ATTACH, "read_only"));
	assert_null(request_option_find(VERB_CREATE, "read_only"));
	assert_null(request_option_find(VERB_CREATE, "read-only"));
	assert_null(request_option_find(VERB_CREATE, ""));
	for (int v = 1; v < VERB_EVERY; v <<= 1)
		assert_non_null(request_option_find((enum verb)v, "timeout"));
	assert_fails(request_set(&req, VERB_DETACH, "from", "x", &e), -EINVAL, ERR_USAGE,
		     "detach takes no option 'from'");
	assert_null(req.from);
}

static void each_kind_fills_its_field(void **state)
{
	_cleanup_request_ struct volume_request req = {0};

	(void)state;
	assert_works(request_set(&req, VERB_ATTACH, "from", "rbd/a", &e));
	assert_works(request_set(&req, VERB_ATTACH, "from", "rbd/golden", &e));
	assert_works(request_set(&req, VERB_ATTACH, "size", "1G", &e));
	assert_works(request_set(&req, VERB_ATTACH, "clone_format", "2", &e));
	assert_works(request_set(&req, VERB_ATTACH, "read_only", "yes", &e));
	assert_works(request_set(&req, VERB_ATTACH, "shared", "yes", &e));
	assert_works(request_set(&req, VERB_ATTACH, "shared", "no", &e));
	assert_works(request_set(&req, VERB_ATTACH, "timeout", "1.5", &e));
	assert_works(request_set(&req, VERB_ATTACH, "options", "queue_depth=8", &e));
	assert_string_equal(req.from, "rbd/golden");
	assert_int_equal(req.size_bytes, 1 << 30);
	assert_int_equal(req.clone_format, 2);
	assert_true(req.read_only);
	assert_false(req.shared);
	assert_int_equal(req.timeout_us, 1500000);
	assert_string_equal(req.map_options, "queue_depth=8");
}

static void a_bad_value_leaves_the_request(void **state)
{
	_cleanup_request_ struct volume_request req = {0};

	(void)state;
	assert_works(request_set(&req, VERB_CREATE, "from", "a", &e));
	assert_works(request_set(&req, VERB_CREATE, "size", "1G", &e));
	assert_fails(request_set(&req, VERB_CREATE, "from", "", &e), -EINVAL, ERR_USAGE, "empty");
	assert_fails(request_set(&req, VERB_CREATE, "size", "x", &e), -EINVAL, ERR_USAGE, "size");
	assert_fails(request_set(&req, VERB_CREATE, "clone_format", "-1", &e), -EINVAL, ERR_USAGE,
		     "clone_format");
	assert_fails(request_set(&req, VERB_LIST, "all", "perhaps", &e), -EINVAL, ERR_USAGE, "all");
	assert_fails(request_set(&req, VERB_LIST, "timeout", "0", &e), -ERANGE, ERR_USAGE,
		     "timeout");
	assert_string_equal(req.from, "a");
	assert_int_equal(req.size_bytes, 1 << 30);
	assert_int_equal(req.clone_format, 0);
}

/* They become part of paths that a daemon reads as root. */
static void clusters_and_users_have_plain_names(void **state)
{
	static const char *const bad_clusters[] = {
		"..",	 "../../home/eve/x",
		"a/b",	 "a b",
		"$HOME", "a.conf",
		"a\nb",	 "0123456789012345678901234567890123456789012345678901234567890123x"};
	static const char *const bad_users[] = {
		"../../home/eve/x",
		"/x",
		"a b",
		"a,b",
		"$name",
		"a\nb",
		"0123456789012345678901234567890123456789012345678901234567890123x"};
	_cleanup_request_ struct volume_request req = {0};

	(void)state;
	assert_works(request_set(&req, VERB_LIST, "cluster", "ceph-2_B", &e));
	assert_works(request_set(&req, VERB_LIST, "id", "openstack.nova-1@x", &e));
	for (size_t i = 0; i < ARRAY_SIZE(bad_clusters); i++)
		assert_fails(request_set(&req, VERB_LIST, "cluster", bad_clusters[i], &e), -EINVAL,
			     ERR_USAGE, "cluster");
	for (size_t i = 0; i < ARRAY_SIZE(bad_users); i++)
		assert_fails(request_set(&req, VERB_LIST, "id", bad_users[i], &e), -EINVAL,
			     ERR_USAGE, "user");
	assert_fails(request_set(&req, VERB_LIST, "id", "", &e), -EINVAL, ERR_USAGE, "empty");
	assert_string_equal(req.cluster, "ceph-2_B");
	assert_string_equal(req.user, "openstack.nova-1@x");
}

static void options_that_need_each_other_are_checked(void **state)
{
	struct volume_request empty = {0}, size = {.size_bytes = 1}, from = {.from = (char *)"a"},
			      format = {.from = (char *)"a", .clone_format = 3},
			      orphan = {.size_bytes = 1, .clone_format = 1};

	(void)state;
	assert_fails(request_check(&empty, VERB_CREATE, &e), -EINVAL, ERR_USAGE, "--from");
	assert_works(request_check(&empty, VERB_ATTACH, &e));
	assert_works(request_check(&size, VERB_CREATE, &e));
	assert_fails(request_check(&size, VERB_ATTACH, &e), -EINVAL, ERR_USAGE, "parent");
	assert_works(request_check(&from, VERB_CREATE, &e));
	assert_works(request_check(&from, VERB_ATTACH, &e));
	assert_fails(request_check(&format, VERB_CREATE, &e), -EINVAL, ERR_USAGE, "must be 1 or 2");
	assert_fails(request_check(&orphan, VERB_CREATE, &e), -EINVAL, ERR_USAGE, "parent");
}

static void wipe_has_two_algorithms(void **state)
{
	static const char *const of_libvirt[] = {"nnsa",     "dod",	  "bsi",	"gutmann",
						 "schneier", "pfitzner7", "pfitzner33", "random"};
	struct volume_request req = {0};

	(void)state;
	assert_fails(request_check(&req, VERB_WIPE, &e), -EINVAL, ERR_USAGE, "--algorithm");
	req.algorithm = (char *)"trim";
	assert_works(request_check(&req, VERB_WIPE, &e));
	req.algorithm = (char *)"zero";
	assert_works(request_check(&req, VERB_WIPE, &e));
	req.algorithm = (char *)"shred";
	assert_fails(request_check(&req, VERB_WIPE, &e), -EINVAL, ERR_USAGE, "no algorithm");
	for (size_t i = 0; i < ARRAY_SIZE(of_libvirt); i++) {
		req.algorithm = (char *)of_libvirt[i];
		assert_fails(request_check(&req, VERB_WIPE, &e), -EINVAL, ERR_USAGE,
			     "overwrite in place");
	}
}

static void deinit_may_be_called_twice(void **state)
{
	struct volume_request req = {0};

	(void)state;
	assert_works(request_set(&req, VERB_LIST, "pool", "p", &e));
	request_deinit(&req);
	assert_null(req.pool);
	request_deinit(&req);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_have_names),
		cmocka_unit_test(options_belong_to_verbs),
		cmocka_unit_test(each_kind_fills_its_field),
		cmocka_unit_test(a_bad_value_leaves_the_request),
		cmocka_unit_test(clusters_and_users_have_plain_names),
		cmocka_unit_test(options_that_need_each_other_are_checked),
		cmocka_unit_test(wipe_has_two_algorithms),
		cmocka_unit_test(deinit_may_be_called_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
