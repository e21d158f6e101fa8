/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/image-lock.h"

#include <errno.h>

#include "tests/unit/unit.h"

static const struct spec web = {"rbd", "", "web", NULL}, other = {"rbd", "", "other", NULL};

static struct deadline far(void)
{
	return deadline_in(60 * USEC_PER_SEC);
}

static void operations_don_t_bar_each_other(void **state)
{
	struct image_locks all;
	struct image_lock a = {0}, b = {0}, alone = {0};

	(void)state;
	image_locks_init(&all);
	assert_false(image_is_locked(&all, &web));
	assert_int_equal(image_lock_shared(&all, &a, &web, far()), 0);
	assert_int_equal(image_lock_shared(&all, &b, &web, far()), 0);
	assert_true(image_is_locked(&all, &web));
	assert_false(image_is_locked(&all, &other));
	assert_false(image_lock_try_exclusive(&all, &alone, &web));
	image_lock_end(&all, &alone); /* did not begin */
	image_lock_end(&all, &a);
	assert_false(image_lock_try_exclusive(&all, &alone, &web));
	image_lock_end(&all, &b);
	assert_true(image_lock_try_exclusive(&all, &alone, &web));
	image_lock_end(&all, &alone);
	assert_false(image_is_locked(&all, &web));
	image_locks_deinit(&all);
}

struct waiting {
	struct image_locks all;
	struct image_lock image_lock;
	int r;
};

static void *wait_for_it(void *arg)
{
	struct waiting *w = arg;

	w->r = image_lock_shared(&w->all, &w->image_lock, &web, far());
	return NULL;
}

static void who_is_alone_is_waited_for(void **state)
{
	struct waiting w = {.r = 1};
	struct image_lock alone = {0}, late = {0};
	pthread_t thread;

	(void)state;
	image_locks_init(&w.all);
	assert_true(image_lock_try_exclusive(&w.all, &alone, &web));
	assert_int_equal(image_lock_shared(&w.all, &late, &other, far()), 0);
	image_lock_end(&w.all, &late);
	assert_int_equal(image_lock_shared(&w.all, &late, &web, deadline_in(1000)), -ETIMEDOUT);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &w), 0);
	image_lock_end(&w.all, &alone);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(w.r, 0);
	assert_true(image_is_locked(&w.all, &web));
	image_lock_end(&w.all, &w.image_lock);
	image_locks_deinit(&w.all);
}

static void who_removes_snapshots_bars_what_uses_them(void **state)
{
	static const struct spec at = {"rbd", "", "web", "snap"},
				 at_other = {"rbd", "", "web", "x"};
	struct image_locks all;
	struct image_lock attach = {0}, volume = {0}, a = {0}, b = {0};

	(void)state;
	image_locks_init(&all);
	assert_int_equal(image_lock_shared(&all, &volume, &web, far()), 0);
	assert_int_equal(image_lock_shared(&all, &attach, &at, far()), 0);
	assert_false(image_lock_try_snapshots(&all, &a, &at_other));
	image_lock_end(&all, &attach);
	assert_true(image_lock_try_snapshots(&all, &a, &at));
	assert_true(image_lock_try_snapshots(&all, &b, &at));
	assert_int_equal(image_lock_shared(&all, &attach, &at_other, deadline_in(1000)),
			 -ETIMEDOUT);
	image_lock_end(&all, &a);
	image_lock_end(&all, &b);
	assert_int_equal(image_lock_shared(&all, &attach, &at_other, far()), 0);
	image_lock_end(&all, &attach);
	image_lock_end(&all, &volume);
	image_locks_deinit(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_don_t_bar_each_other),
		cmocka_unit_test(who_is_alone_is_waited_for),
		cmocka_unit_test(who_removes_snapshots_bars_what_uses_them),
	};

	return cmocka_run_group_tests_name("image lock", tests, NULL, NULL);
}
