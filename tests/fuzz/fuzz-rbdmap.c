/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of /etc/ceph/rbdmap: what is taken becomes a line of rbdvoltab with at most three words
 * and the volume it came from; what is refused gives a reason. */
#include "cli/rbdmap-lines.h"
#include "cli/rbdmap.h"
#include "tests/fuzz/fuzz.h"

static void check_line(const struct rbdmap_line *l)
{
	_cleanup_free_ char *line = rbdmap_volume_line(l), *fstab = NULL, *then = NULL,
			    *device = NULL;
	const char *suffix;
	_cleanup_free_ char *name = spec_format(&l->spec);
	_cleanup_spec_ struct spec again = {0};
	_cleanup_err_ struct err *e = NULL;
	char *save = NULL, *word;

	must(line && name && *line && *line != '#' && !strpbrk(line, "\t\n\\"));
	must(asprintf(&fstab, "/dev/rbd/%s-part1 /mnt ext4 noauto 0 0", name) > 0);
	must((device = strndup(fstab, strcspn(fstab, " "))));
	must((suffix = rbdmap_suffix(&l->spec, device)) && !strcmp(suffix, "-part1"));
	must(rbdmap_fstab_line(fstab, "/dev/rbdvol/x", &then) == 1 && strstr(then, " _netdev 0 0"));
	word = strtok_r(line, " ", &save);
	must(word && spec_parse(word, "other", &again, &e) == 0 && spec_equal(&again, &l->spec));
	word = strtok_r(NULL, " ", &save);
	must(!word || (!strcmp(word, "-") && strtok_r(NULL, " ", &save)));
	must(!strtok_r(NULL, " ", &save));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size), *line = NULL, *then = NULL,
			    *crypt = NULL;
	_cleanup_rbdmap_line_ struct rbdmap_line l = {0};
	_cleanup_err_ struct err *e = NULL;
	int r;

	must((line = strdup(text)));
	r = rbdmap_fstab_line(line, "/dev/rbdvol/rbd/a", &then);
	must(r == 1 && !strncmp(then, "/dev/rbdvol/rbd/a", 17));
	must(rbdmap_crypttab_line(line, "/dev/rbdvol/rbd/a", &crypt) == 1);
	text[strcspn(text, "\n")] = '\0';
	r = rbdmap_parse(text, &l, &e);
	must(r < 0 ? e && !l.spec.image : !e);
	if (r > 0)
		check_line(&l);
	return 0;
}
