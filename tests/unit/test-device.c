/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings read from a sysfs tree that tests/record/sysfs-rbd recorded in a guest (kernel 6.1), and
 * the line that the kernel gets. */
#include "mapper/device.h"
#include "mapper/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mapper/krbd.h"
#include "mapper/module.h"
#include "tests/unit/unit.h"

static char *record(const char *name)
{
	const char *top = getenv("top_srcdir");
	char *path;

	if (asprintf(&path, "%s/tests/record/%s", top ? top : ".", name) < 0)
		return NULL;
	return path;
}

/* The mapping of an image's head. They are sorted by age, which a copy of sysfs does not keep. */
static const struct device *by_image(const struct device_list *l, const char *image)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i].spec.image, image) && !l->items[i].spec.snap)
			return &l->items[i];
	fail_msg("no mapping of %s", image);
	return NULL;
}

static void a_recorded_tree_is_read(void **state)
{
	_cleanup_device_list_ struct device_list l = {0};
	_cleanup_free_ char *sys = record("guest-6.1");
	const struct device *d;

	(void)state;
	assert_int_equal(krbd_mappings(sys, &l), 0);
	assert_int_equal(l.n, 3);

	d = by_image(&l, "golden");
	assert_int_equal(d->id, 0);
	assert_string_equal(d->spec.pool, "rbd");
	assert_string_equal(d->spec.ns, "");
	assert_null(d->spec.snap);
	assert_true(d->snap_id == KRBD_HEAD);
	assert_false(d->read_only);
	assert_true(d->size_bytes == 64 << 20);
	assert_int_equal(strlen(d->fsid), 36);
	assert_non_null(strchr(d->client_address, '/'));
	assert_int_equal(minor(d->dev), 0);
	assert_string_equal(d->node, "/dev/rbd0");
	assert_null(d->link);

	d = by_image(&l, "we,b=\xc3\xbc");
	assert_string_equal(d->spec.ns, "team");
	assert_int_equal(minor(d->dev), 16);

	for (size_t i = 0; i < l.n; i++)
		if (l.items[i].spec.snap)
			d = &l.items[i];
	assert_string_equal(d->spec.snap, "s1");
	assert_true(d->read_only);
	assert_true(d->snap_id < 1000);
}

static void no_driver_is_no_mapping(void **state)
{
	_cleanup_device_list_ struct device_list l = {0};
	struct device d;

	(void)state;
	assert_int_equal(krbd_mappings("/nonexistent", &l), 0);
	assert_int_equal(l.n, 0);
	assert_int_equal(krbd_mapping("/nonexistent", 0, &d), -ENOENT);
}

static struct map_request request(struct spec *spec, const struct secret *secret,
				  const struct krbd_options *options)
{
	return (struct map_request){.spec = spec,
				    .monitors = "10.0.0.1:3300,[fd00::1]:3300",
				    .user = "web",
				    .secret = secret,
				    .options = options};
}

static void the_line_has_five_words(void **state)
{
	static uint8_t bytes[] = "secret";
	const struct secret secret = {.data = bytes, .len = sizeof(bytes)}, none = {0};
	_cleanup_krbd_options_ struct krbd_options o = {0};
	struct spec spec = {.pool = (char *)"p", .ns = (char *)"", .image = (char *)"i"};
	struct map_request req = request(&spec, &secret, &o);
	_cleanup_free_ char *rw = NULL, *snap = NULL, *open = NULL;

	(void)state;
	assert_works(krbd_options_parse("ms_mode=crc,queue_depth=9", &o, &e));
	assert_works(krbd_add_line(&req, &rw, &e));
	assert_string_equal(rw, "10.0.0.1:3300,[fd00::1]:3300 name=web,key=client.web,rw,noshare,"
				"ms_mode=crc,queue_depth=9 p i -");
	spec.ns = (char *)"n";
	spec.snap = (char *)"s";
	assert_works(krbd_add_line(&req, &snap, &e));
	assert_string_equal(snap, "10.0.0.1:3300,[fd00::1]:3300 name=web,key=client.web,_pool_ns=n,"
				  "ro,share,ms_mode=crc,queue_depth=9 p i s");
	req.secret = &none;
	krbd_options_deinit(&o);
	assert_works(krbd_add_line(&req, &open, &e));
	assert_string_equal(open, "10.0.0.1:3300,[fd00::1]:3300 _pool_ns=n,ro,share p i s");
}

static void no_name_smuggles_a_word(void **state)
{
	static const struct {
		const char *pool, *ns, *image, *snap, *user;
	} bad[] = {
		{"p q", "", "i", NULL, "u"},   {"p", "n,secret=x", "i", NULL, "u"},
		{"p", "n n", "i", NULL, "u"},  {"p", "", "i\n", NULL, "u"},
		{"p", "", "i\tj", NULL, "u"},  {"p", "", "", NULL, "u"},
		{"p", "", "i", "s t", "u"},    {"p", "", "i", "-", "u"},
		{"p", "", "i", NULL, "u,rw"},  {"p", "", "i", NULL, "u v"},
		{"p", "", "i", NULL, ""},      {"p", "", "i", "", "u"},
		{"p", "", "i\x01", NULL, "u"}, {"p", "", "i\v", NULL, "u"},
	};
	const struct krbd_options o = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct spec spec = {.pool = (char *)bad[i].pool,
				    .ns = (char *)bad[i].ns,
				    .image = (char *)bad[i].image,
				    .snap = (char *)bad[i].snap};
		struct map_request req = request(&spec, NULL, &o);
		_cleanup_free_ char *line = NULL;
		_cleanup_err_ struct err *e = NULL;

		req.user = bad[i].user;
		if (krbd_add_line(&req, &line, &e) != -EINVAL)
			fail_msg("%zu: %s", i, line ? line : e->message);
		assert_int_equal(e->kind, ERR_USAGE);
	}
}

static void a_line_longer_than_a_page_is_refused(void **state)
{
	char image[5000];
	struct spec spec = {.pool = (char *)"p", .ns = (char *)"", .image = image};
	const struct krbd_options o = {0};
	struct map_request req = request(&spec, NULL, &o);
	_cleanup_free_ char *line = NULL;

	(void)state;
	memset(image, 'x', sizeof(image) - 1);
	image[sizeof(image) - 1] = '\0';
	assert_fails(krbd_add_line(&req, &line, &e), -E2BIG, ERR_USAGE, "bytes");
	assert_null(line);
}

static void what_is_no_device_is_told(void **state)
{
	_cleanup_device_ struct device d = {0};

	(void)state;
	assert_fails(device_find_path("/dev/rbdvol/no/such", &d, &e), -ENOENT, ERR_NOT_FOUND,
		     "/dev/rbdvol/no/such");
	assert_fails(device_find_path("/dev/null", &d, &e), -EINVAL, ERR_USAGE,
		     "not a block device");
}

/* Who asks has not our rights: no answer tells whether there is a file outside of /dev. */
static void nothing_outside_is_looked_at(void **state)
{
	static const char *const outside[] = {
		"/dev/../etc/shadow",
		"/dev/../no/such/file",
		"/dev/./../etc/shadow",
		"/dev/rbdvol/../../etc/shadow",
		"/dev//null",
		"/dev/.",
		"/dev/",
		"/dev/fd/../null",
		"/dev/rbd0/..",
		"/etc/shadow",
		"/dev/fd/9", /* a link out of /dev, to /proc, and to / */
	};
	_cleanup_device_ struct device d = {0};
	_cleanup_close_ int root = open("/", O_PATH | O_CLOEXEC);

	(void)state;
	assert_true(root >= 0);
	assert_int_equal(dup2(root, 9), 9);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		assert_fails(device_find_path(outside[i], &d, &e), -EINVAL, ERR_USAGE,
			     "is not a device below /dev");
	close(9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_tree_is_read),
		cmocka_unit_test(no_driver_is_no_mapping),
		cmocka_unit_test(the_line_has_five_words),
		cmocka_unit_test(no_name_smuggles_a_word),
		cmocka_unit_test(a_line_longer_than_a_page_is_refused),
		cmocka_unit_test(what_is_no_device_is_told),
		cmocka_unit_test(nothing_outside_is_looked_at),
	};

	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
