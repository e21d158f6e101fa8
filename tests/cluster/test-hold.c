/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds: one host at a time for writing, any number shared, renewed and taken over by their own
 * host only. */
#include <errno.h>

#include "ceph/blocklist.h"
#include "rbd/hold-owner.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"
#include "rbd/image.h"
#include "tests/cluster/lab.h"

/* Two hosts: each its own connection. */
static struct cluster *host_a, *host_b;

static struct hold hold_of(const char *host, const char *address, bool shared)
{
	return (struct hold){.host = (char *)host,
			     .host_name = (char *)(*host == 'a' ? "alpha" : "beta"),
			     .boot_id = (char *)"5e5c1a4e",
			     .client_address = (char *)address,
			     .since = 1700000000,
			     .shared = shared};
}

static int setup(void **state)
{
	int r = lab_setup(state);

	host_a = lab_cluster();
	host_b = lab_cluster();
	make_image("vol", 8 * MIB, FAST_FEATURES);
	return r;
}

static int teardown(void **state)
{
	cluster_unref(host_a);
	cluster_unref(host_b);
	return lab_teardown(state);
}

/* As host MINE, which knows no client of its own kernel. */
static int take(struct cluster *c, const struct hold *mine, struct err **e)
{
	const struct hold_claim claim = {.mine = mine};

	return hold_take(c, at("vol"), &claim, e);
}

static int let_go(struct cluster *c, const char *host, struct err **e)
{
	const struct hold mine = hold_of(host, "", false);

	return hold_release(c, at("vol"), NULL, &mine, e);
}

static void assert_held(struct cluster *c, const char *host, const char *address)
{
	_cleanup_hold_ struct hold h = {0};
	struct err *e = NULL;
	int r = hold_get(c, at("vol"), NULL, &h, &e);

	assert_done(r, e);
	assert_int_equal(r, host ? 1 : 0);
	if (!host)
		return;
	assert_string_equal(h.host, host);
	assert_string_equal(h.client_address, address);
}

static void a_hold_is_taken_told_renewed_and_released(void **state)
{
	_cleanup_hold_ struct hold h = {0};
	struct hold mine = hold_of("aaaa", "", false);
	struct err *e = NULL;

	(void)state;
	assert_held(host_a, NULL, NULL);
	assert_done(take(host_a, &mine, &e), e);
	assert_held(host_b, "aaaa", "");
	mine.client_address = (char *)"10.99.0.2:0/123";
	assert_done(take(host_a, &mine, &e), e);
	assert_int_equal(hold_get(host_b, at("vol"), NULL, &h, &e), 1);
	assert_string_equal(h.host, "aaaa");
	assert_string_equal(h.host_name, "alpha");
	assert_string_equal(h.boot_id, "5e5c1a4e");
	assert_string_equal(h.client_address, "10.99.0.2:0/123");
	assert_int_equal(h.since, 1700000000);
	assert_false(h.shared);
	assert_done(let_go(host_a, "aaaa", &e), e);
	assert_done(let_go(host_a, "aaaa", &e), e);
	assert_held(host_b, NULL, NULL);
}

static void another_host_is_refused_and_told_who_has_it(void **state)
{
	struct hold a = hold_of("aaaa", "10.99.0.2:0/123", false);
	struct hold b = hold_of("bbbb", "10.99.0.3:0/456", false);
	struct hold b_shared = hold_of("bbbb", "10.99.0.3:0/456", true);
	struct err *e = NULL;

	(void)state;
	assert_done(take(host_a, &a, &e), e);
	assert_fails(take(host_b, &b, &e), &e, ERR_HELD, -EBUSY, "alpha", "10.99.0.2:0/123",
		     "2023-11-", NULL);
	assert_fails(take(host_b, &b_shared, &e), &e, ERR_HELD, -EBUSY, "alpha", NULL);
	assert_done(let_go(host_b, "bbbb", &e), e); /* not B's: stays */
	assert_held(host_b, "aaaa", "10.99.0.2:0/123");
	assert_done(let_go(host_a, "aaaa", &e), e);
	assert_done(take(host_b, &b, &e), e);
	assert_done(let_go(host_b, "bbbb", &e), e);
}

/* The daemon, or the host, started anew: another client, the same host. */
static void a_host_takes_its_own_hold_over(void **state)
{
	struct hold before = hold_of("aaaa", "10.99.0.2:0/1", false);
	struct hold after = hold_of("aaaa", "10.99.0.2:0/2", false);
	struct hold shared = hold_of("aaaa", "10.99.0.2:0/3", true);
	struct err *e = NULL;

	(void)state;
	assert_done(take(host_a, &before, &e), e);
	after.boot_id = (char *)"another boot";
	assert_done(take(host_b, &after, &e), e);
	assert_held(host_a, "aaaa", "10.99.0.2:0/2");
	assert_done(take(host_a, &shared, &e), e);
	assert_held(host_b, "aaaa", "10.99.0.2:0/3");
	assert_done(take(host_b, &after, &e), e);
	assert_done(let_go(host_a, "aaaa", &e), e);
	assert_held(host_b, NULL, NULL);
}

static void sharers_don_t_bar_each_other(void **state)
{
	_cleanup_hold_ struct hold h = {0};
	struct hold a = hold_of("aaaa", "", true), b = hold_of("bbbb", "", true);
	struct hold b_alone = hold_of("bbbb", "", false);
	struct err *e = NULL;

	(void)state;
	assert_done(take(host_a, &a, &e), e);
	assert_done(take(host_b, &b, &e), e);
	assert_int_equal(hold_get(host_a, at("vol"), &b, &h, &e), 1);
	assert_string_equal(h.host, "bbbb");
	assert_true(h.shared);
	assert_fails(take(host_b, &b_alone, &e), &e, ERR_HELD, -EBUSY, "alpha", "shared", NULL);
	assert_done(let_go(host_a, "aaaa", &e), e);
	assert_done(take(host_b, &b_alone, &e), e);
	assert_done(let_go(host_b, "bbbb", &e), e);
}

/* The name of the object that vol's holds are on. */
static void header_of_vol(char out[static 96])
{
	rbd_image_t image = open_image("vol");
	char id[64];

	assert_int_equal(rbd_get_id(image, id, sizeof(id)), 0);
	rbd_close(image);
	snprintf(out, 96, "rbd_header.%s", id);
}

/* What others write there cannot harm: no JSON, control characters, wrong types. It counts as held.
 */
static void a_strange_description_is_bearable(void **state)
{
	static const char *const strange[] = {
		"{",
		"7",
		"[1]",
		"[{\"host_name\": 7, \"since\": \"x\"}]",
		"[{\"host_name\": \"a\\nb\\u001b[31m\"}]",
		"[{\"host\": \"zzzz\", \"client_address\": \"10.99.0.7\"}]",
	};
	struct hold mine = hold_of("aaaa", "", false);
	const struct hold_claim claim = {.mine = &mine, .steal = true};
	char object[96];
	struct err *e = NULL;

	(void)state;
	header_of_vol(object);
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		assert_int_equal(rados_setxattr(lab.io, object, "rbdvol.hold", strange[i],
						strlen(strange[i])),
				 0);
		assert_int_equal(take(host_a, &mine, &e), -EBUSY);
		assert_null(strpbrk(e->message, "\n\033"));
		err_free(steal(&e));
		assert_done(hold_take(host_a, at("vol"), &claim, &e), e);
		assert_held(host_b, "aaaa", "");
		assert_done(let_go(host_a, "aaaa", &e), e);
	}
}

/* What is recorded is what stands there, or nothing is. */
static void a_lost_hold_is_not_recorded(void **state)
{
	struct hold a = hold_of("aaaa", "", false), b = hold_of("bbbb", "10.99.0.3:0/456", false);
	const struct hold_claim thief = {.mine = &b, .steal = true};
	struct err *e = NULL;

	(void)state;
	assert_done(take(host_a, &a, &e), e);
	assert_done(hold_take(host_b, at("vol"), &thief, &e), e);
	a.client_address = (char *)"10.99.0.2:0/77";
	assert_fails(hold_record(host_a, at("vol"), &a, &e), &e, ERR_HELD, -EBUSY, "beta",
		     "10.99.0.3:0/456", NULL);
	assert_held(host_a, "bbbb", "10.99.0.3:0/456");
	assert_done(let_go(host_b, "bbbb", &e), e);
	assert_fails(hold_record(host_a, at("vol"), &a, &e), &e, ERR_HELD, -EBUSY, "nobody", NULL);
	assert_done(take(host_a, &a, &e), e);
	assert_done(hold_record(host_a, at("vol"), &a, &e), e);
	assert_held(host_b, "aaaa", "10.99.0.2:0/77");
	assert_done(let_go(host_a, "aaaa", &e), e);
}

static bool is_blocklisted(const char *address)
{
	_cleanup_strlist_ struct strlist out = {0};
	struct err *e = NULL;

	assert_done(blocklist_list(host_a, &out, &e), e);
	return blocklist_has(&out, address);
}

/* Another client. */
struct other {
	rados_t rados;
	rados_ioctx_t io;
	rbd_image_t image; /* vol, open for writing; or NULL */
	char address[64];  /* as others see it */
};

static void other_comes(struct other *o)
{
	_cleanup_free_ char *text = NULL;

	o->image = NULL;
	assert_int_equal(rados_create2(&o->rados, "ceph", "client.admin", 0), 0);
	assert_int_equal(rados_conf_read_file(o->rados, NULL), 0);
	assert_int_equal(rados_connect(o->rados), 0);
	assert_int_equal(rados_ioctx_create(o->rados, lab.pool, &o->io), 0);
	assert_int_equal(rados_getaddrs(o->rados, &text), 0);
	assert_non_null(strstr(text, "10.99."));
	snprintf(o->address, sizeof(o->address), "%.*s",
		 (int)strspn(strstr(text, "10.99."), "0123456789.:/"), strstr(text, "10.99."));
}

static void other_opens(struct other *o)
{
	other_comes(o);
	assert_int_equal(rbd_open(o->io, "vol", &o->image, NULL), 0);
}

static void other_closes(struct other *o)
{
	if (o->image)
		rbd_close(o->image);
	rados_ioctx_destroy(o->io);
	rados_shutdown(o->rados);
}

#define LOCK   "rbd_lock"
#define COOKIE "auto 1"

/* One that owned vol's lock when it died; break_lock ends that. */
static void owner_dies(char address[static 64])
{
	struct other o;
	char object[96];

	header_of_vol(object);
	other_comes(&o);
	assert_int_equal(rados_lock_exclusive(o.io, object, LOCK, COOKIE, "", NULL, 0), 0);
	memcpy(address, o.address, sizeof(o.address));
	other_closes(&o);
}

static void break_lock(void)
{
	char object[96], clients[4096], cookies[4096], addresses[4096], tag[256];
	size_t n = sizeof(clients), m = sizeof(cookies), k = sizeof(addresses), t = sizeof(tag);
	int exclusive;

	header_of_vol(object);
	assert_int_equal(rados_list_lockers(lab.io, object, LOCK, &exclusive, tag, &t, clients, &n,
					    cookies, &m, addresses, &k),
			 1);
	assert_int_equal(rados_break_lock(lab.io, object, LOCK, clients, COOKIE), 0);
}

/* The client is blocklisted before its hold goes; exactly that client. */
static void a_steal_shuts_the_old_client_out(void **state)
{
	_cleanup_strlist_ struct strlist told = {0};
	char old[64];
	struct hold a = hold_of("aaaa", old, false);
	struct hold b = hold_of("bbbb", "", false);
	const struct hold_claim thief = {.mine = &b, .steal = true, .told = &told};
	struct err *e = NULL;

	(void)state;
	owner_dies(old);
	assert_done(take(host_a, &a, &e), e);
	assert_fails(take(host_b, &b, &e), &e, ERR_HELD, -EBUSY, "--steal", NULL);
	assert_false(is_blocklisted(old));
	assert_done(hold_take(host_b, at("vol"), &thief, &e), e);
	assert_true(is_blocklisted(old));
	assert_held(host_a, "bbbb", "");
	assert_int_equal(told.n, 2);
	assert_non_null(strstr(told.items[0], "alpha"));
	assert_done(let_go(host_a, "aaaa", &e), e);
	assert_held(host_a, "bbbb", "");
	assert_done(let_go(host_b, "bbbb", &e), e);
	break_lock();
}

/* Takes the hold, which names ADDRESS, from host A. */
static int steal_from(const char *address, const struct strlist *own, struct err **e)
{
	struct hold a = hold_of("aaaa", address, false), b = hold_of("bbbb", "", false);
	const struct hold_claim thief = {.mine = &b, .steal = true, .own_clients = own};
	struct err *none = NULL;

	assert_done(take(host_a, &a, &none), none);
	return hold_take(host_b, at("vol"), &thief, e);
}

/* Whoever can write the header can write any address there. */
static void no_client_is_blocklisted_for_a_text(void **state)
{
	struct other other, image;
	struct strlist own = {0};
	struct err *e = NULL;

	(void)state;
	other_comes(&other);
	assert_fails(steal_from(other.address, NULL, &e), &e, ERR_HELD, -EBUSY, other.address,
		     "neither has the image open", "blocklist add", NULL);
	assert_false(is_blocklisted(other.address));
	assert_held(host_a, "aaaa", other.address);
	/* A client of the image, but one of this host's. */
	other_opens(&image);
	assert_int_equal(strlist_add(&own, "%s", image.address), 0);
	assert_fails(steal_from(image.address, &own, &e), &e, ERR_HELD, -EBUSY, image.address,
		     "a client of this host", NULL);
	assert_false(is_blocklisted(image.address));
	other_closes(&image);
	/* The administrator has said it. */
	assert_int_equal(rados_blocklist_add(lab.rados, other.address, 600), 0);
	assert_done(steal_from(other.address, NULL, &e), e);
	other_closes(&other);
	assert_done(let_go(host_b, "bbbb", &e), e);
	/* A monitor's, a whole host's: not one client's. */
	assert_done(steal_from("10.99.0.1:6789/1", NULL, &e), e);
	assert_false(is_blocklisted("10.99.0.1:6789/1"));
	assert_done(let_go(host_b, "bbbb", &e), e);
	assert_done(steal_from("10.99.0.1:0/0", NULL, &e), e);
	assert_false(is_blocklisted("10.99.0.1:0/0"));
	assert_done(let_go(host_b, "bbbb", &e), e);
	strlist_deinit(&own);
}

/* So that it can be told from others. */
static void a_connection_knows_its_address(void **state)
{
	struct cluster *c = lab_cluster();
	_cleanup_free_ char *address = NULL;
	struct hold h = hold_of("aaaa", "", false);
	struct err *e = NULL;

	(void)state;
	assert_done(take(c, &h, &e), e);
	assert_int_equal(cluster_own_address(c, &address, &e), 1);
	assert_int_equal(rados_blocklist_add(lab.rados, address, 600), 0);
	assert_int_equal(rados_wait_for_latest_osdmap(lab.rados), 0);
	assert_done(let_go(host_a, "aaaa", &e), e);
	for (int i = 0, r = 0; r >= 0 && i < 100; i++) {
		assert_int_equal(rados_blocklist_add(lab.rados, address, 600), 0);
		r = take(c, &h, &e);
		if (r < 0)
			assert_fails(r, &e, ERR_UNREACHABLE, -ESHUTDOWN, NULL);
		assert_true(r < 0 || i < 99);
		usleep(100000);
	}
	assert_done(let_go(host_a, "aaaa", &e), e);
	cluster_unref(c);
}

/* This host before it started anew: no question, but its client is blocklisted all the same. */
static void an_earlier_boot_is_blocklisted(void **state)
{
	char old[64];
	struct hold before = hold_of("aaaa", old, false), after = before;
	struct hold copy = before;
	struct err *e = NULL;

	(void)state;
	owner_dies(old);
	assert_done(take(host_a, &before, &e), e);
	after.boot_id = copy.boot_id = (char *)"another boot";
	after.client_address = copy.client_address = (char *)"";
	copy.host_name = (char *)"alpha-copy"; /* another machine with a copied machine id */
	assert_fails(take(host_b, &copy, &e), &e, ERR_HELD, -EBUSY, "alpha", "machine id", NULL);
	assert_false(is_blocklisted(old));
	assert_done(hold_release(host_b, at("vol"), NULL, &copy, &e), e);
	assert_held(host_b, "aaaa", old); /* not the copy's: stays */
	assert_done(take(host_b, &after, &e), e);
	assert_true(is_blocklisted(old));
	assert_held(host_a, "aaaa", "");
	assert_done(let_go(host_a, "aaaa", &e), e);
	break_lock();
}

static struct hold named(const char *machine, const char *boot, const char *name,
			 const char *address)
{
	return (struct hold){.host = (char *)machine,
			     .boot_id = (char *)boot,
			     .host_name = (char *)name,
			     .client_address = (char *)address};
}

static void a_hold_is_compared_by_machine_boot_and_name(void **state)
{
	static const struct {
		const char *machine, *boot, *name, *address;
		enum hold_owner owner;
	} holds[] = {
		{"m", "b", "web1", "", HOLD_THIS_BOOT},
		{"m", "b", "renamed since", "", HOLD_THIS_BOOT},
		{"m", "b0", "web1", "", HOLD_EARLIER_BOOT},
		{"m", "b0", "WEB1.example.com", "", HOLD_EARLIER_BOOT},
		{"m", "b0", "web1.example.org", "", HOLD_EARLIER_BOOT},
		{"m", "b0", "web10", "", HOLD_TWIN},
		{"m", "b0", "web", "", HOLD_TWIN},
		{"m", "b0", "localhost", "", HOLD_TWIN},
		{"m", "b0", "", "", HOLD_TWIN},
		{"m", "", "web1", "", HOLD_EARLIER_BOOT},
		/* a container with a boot id of its own, started anew */
		{"m", "b0", "web2", "10.0.0.1:0/7", HOLD_THIS_BOOT},
		{"m", "b0", "web1", "10.0.0.1:0/8", HOLD_EARLIER_BOOT},
		{"n", "b0", "web1", "", HOLD_OTHER_HOST},
		{"n", "b0", "web1", "10.0.0.1:0/7", HOLD_OTHER_HOST},
		{"n", "b", "web1", "", HOLD_OTHER_HOST},
		/* an initramfs, a container: another machine id on this kernel */
		{"n", "b", "(none)", "10.0.0.1:0/7", HOLD_THIS_BOOT},
		{"n", "b", "(none)", "10.0.0.1:0/8", HOLD_OTHER_HOST},
		{"", "", "", "", HOLD_OTHER_HOST},
	};
	const struct hold mine = named("m", "b", "web1", "10.0.0.1:0/7");
	const struct hold unnamed = named("", "", "", "");
	const struct hold com = named("m", "b0", "web1.example.com", "");
	const struct hold org = named("m", "b", "web1.example.org", "");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(holds); i++) {
		const struct hold h =
			named(holds[i].machine, holds[i].boot, holds[i].name, holds[i].address);

		assert_int_equal(hold_owner(&h, &mine), holds[i].owner);
	}
	assert_int_equal(hold_owner(&unnamed, &unnamed), HOLD_OTHER_HOST);
	assert_int_equal(hold_owner(&com, &org), HOLD_TWIN);
}

/* What names this host, but another boot, and a client that runs, is of a copy of this host. */
static void a_copy_with_the_same_name_is_another_host(void **state)
{
	_cleanup_hold_ struct hold h = {0};
	struct other copy;
	struct hold theirs = hold_of("aaaa", copy.address, true), mine = hold_of("aaaa", "", true);
	struct err *e = NULL;

	(void)state;
	other_opens(&copy);
	assert_done(take(host_a, &theirs, &e), e);
	mine.boot_id = (char *)"another boot";
	mine.shared = false;
	assert_fails(take(host_b, &mine, &e), &e, ERR_HELD, -EBUSY, "alpha", "a copy of this one",
		     NULL);
	assert_int_equal(hold_get_own(host_b, at("vol"), &mine, &h, &e), 0);
	assert_int_equal(hold_release(host_b, at("vol"), NULL, &mine, &e), 0);
	assert_held(host_a, "aaaa", copy.address);
	/* If both say so they share it, and each sees the other. */
	mine.shared = true;
	assert_done(take(host_b, &mine, &e), e);
	assert_int_equal(hold_get_other(host_b, at("vol"), &mine, &h, &e), 1);
	assert_string_equal(h.client_address, copy.address);
	assert_int_equal(hold_release(host_b, at("vol"), NULL, &mine, &e), 1);
	assert_held(host_a, "aaaa", copy.address);
	assert_false(is_blocklisted(copy.address));
	other_closes(&copy);
	/* With its client the copy turns into an earlier boot. */
	assert_int_equal(hold_release(host_b, at("vol"), NULL, &mine, &e), 1);
	assert_held(host_b, NULL, NULL);
}

/* A copy with the same boot id, too: this host's hold names a client that is not on its kernel. */
static void a_copy_with_the_same_boot_is_an_unknown_holder(void **state)
{
	struct other copy;
	struct hold mine = hold_of("aaaa", copy.address, false);
	struct strlist own = {0};
	struct hold_claim claim = {.mine = &mine, .own_clients = &own};
	struct err *e = NULL;

	(void)state;
	other_opens(&copy);
	assert_done(take(host_a, &mine, &e), e);
	assert_fails(hold_check_unknown_clients(host_b, at("vol"), &claim, &e), &e, ERR_HELD,
		     -EBUSY, "unknown holder", copy.address, NULL);
	assert_int_equal(strlist_add(&own, "%s", copy.address), 0);
	assert_done(hold_check_unknown_clients(host_b, at("vol"), &claim, &e), e);
	other_closes(&copy);
	assert_done(let_go(host_b, "aaaa", &e), e);
	strlist_deinit(&own);
}

/* Somebody has it open who asked nobody: librbd here, for a while and for good. */
static void an_unknown_client_bars_and_can_be_blocklisted(void **state)
{
	struct hold mine = hold_of("bbbb", "", false);
	struct hold_claim claim = {.mine = &mine, .deadline = deadline_in(60 * USEC_PER_SEC)};
	rados_t rados;
	rados_ioctx_t io;
	rbd_image_t image;
	struct err *e = NULL;
	char *address = NULL;

	(void)state;
	assert_done(hold_check_unknown_clients(host_b, at("vol"), &claim, &e), e);
	assert_int_equal(rados_create2(&rados, "ceph", "client.admin", 0), 0);
	assert_int_equal(rados_conf_read_file(rados, NULL), 0);
	assert_int_equal(rados_connect(rados), 0);
	assert_int_equal(rados_ioctx_create(rados, lab.pool, &io), 0);
	assert_int_equal(rbd_open(io, "vol", &image, NULL), 0);
	assert_int_equal(rados_getaddrs(rados, &address), 0);
	assert_fails(hold_check_unknown_clients(host_b, at("vol"), &claim, &e), &e, ERR_HELD,
		     -EBUSY, "unknown holder", strrchr(address, '/'), NULL);
	claim.steal = true;
	assert_done(hold_check_unknown_clients(host_b, at("vol"), &claim, &e), e);
	assert_int_equal(rbd_write(image, 0, 1, "x"), -ESHUTDOWN);
	claim.steal = false;
	assert_done(hold_check_unknown_clients(host_b, at("vol"), &claim, &e), e);
	rbd_close(image);
	rados_ioctx_destroy(io);
	rados_shutdown(rados);
	free(address);
}

/* Renamed while it was attached: the hold is where the image is. */
static void a_hold_is_released_by_the_image_s_id(void **state)
{
	_cleanup_image_info_ struct image_info info = {0};
	struct hold mine = hold_of("aaaa", "", false);
	struct err *e = NULL;

	(void)state;
	assert_done(take(host_a, &mine, &e), e);
	assert_done(image_info(host_a, at("vol"), &info, &e), e);
	assert_int_equal(rbd_rename(lab.io, "vol", "renamed"), 0);
	assert_done(hold_release(host_a, at("vol"), info.id, &mine, &e), e);
	assert_int_equal(rbd_rename(lab.io, "renamed", "vol"), 0);
	assert_held(host_b, NULL, NULL);
}

static void what_is_missing_is_named(void **state)
{
	struct hold mine = hold_of("aaaa", "", false), h = {0};
	const struct hold_claim claim = {.mine = &mine};
	struct err *e = NULL;

	(void)state;
	assert_fails(hold_take(host_a, at("novol"), &claim, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no image", "novol", NULL);
	assert_fails(hold_get(host_a, at("nopool/vol"), NULL, &h, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "no pool 'nopool'", NULL);
	assert_done(hold_release(host_a, at("novol"), NULL, &mine, &e), e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_is_taken_told_renewed_and_released),
		cmocka_unit_test(another_host_is_refused_and_told_who_has_it),
		cmocka_unit_test(a_host_takes_its_own_hold_over),
		cmocka_unit_test(sharers_don_t_bar_each_other),
		cmocka_unit_test(a_strange_description_is_bearable),
		cmocka_unit_test(a_lost_hold_is_not_recorded),
		cmocka_unit_test(a_steal_shuts_the_old_client_out),
		cmocka_unit_test(no_client_is_blocklisted_for_a_text),
		cmocka_unit_test(a_connection_knows_its_address),
		cmocka_unit_test(an_earlier_boot_is_blocklisted),
		cmocka_unit_test(a_hold_is_compared_by_machine_boot_and_name),
		cmocka_unit_test(a_copy_with_the_same_name_is_another_host),
		cmocka_unit_test(a_copy_with_the_same_boot_is_an_unknown_holder),
		cmocka_unit_test(an_unknown_client_bars_and_can_be_blocklisted),
		cmocka_unit_test(a_hold_is_released_by_the_image_s_id),
		cmocka_unit_test(what_is_missing_is_named),
	};

	return cmocka_run_group_tests_name("hold", tests, setup, teardown);
}
