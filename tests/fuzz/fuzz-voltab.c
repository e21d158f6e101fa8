/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of rbdvoltab, and behind a first line "fstab" those of fstab: each is served, left or
 * refused with a reason, and what is printed of it stays one word, one line. */
#include "systemd/voltab.h"
#include "tests/fuzz/fuzz.h"

static char *unit_of(const struct voltab_line *l)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	must(f);
	unit_escape(f, l->volume, false);
	if (l->directory)
		unit_escape(f, l->directory, true);
	unit_words(f, &l->attach);
	unit_words(f, &l->create);
	must(!fclose(f));
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char *rest = text, *line;
	bool fstab = !strncmp(text, "fstab\n", 6);

	while ((line = strsep(&rest, "\n"))) {
		_cleanup_voltab_line_ struct voltab_line l = {0};
		_cleanup_err_ struct err *e = NULL;
		_cleanup_free_ char *unit = NULL;
		int r = voltab_parse(line, fstab, &l, &e);

		must(r < 0 ? e && e->message && !l.volume : !e);
		must((r > 0) == (l.volume != NULL));
		if (r <= 0)
			continue;
		must(l.link && !strncmp(l.link, "/dev/rbdvol/", 12));
		must((l.directory != NULL) == fstab);
		unit = unit_of(&l);
		must(!strchr(unit, '\n'));
	}
	return 0;
}
