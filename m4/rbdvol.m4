dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl RBDVOL_PKG(VARIABLE, MODULES, DEBIAN-PACKAGE): pkg-config, with the package named where it is missing
AC_DEFUN([RBDVOL_PKG],
	[PKG_CHECK_MODULES([$1], [$2], [], [RBDVOL_MISSING="$RBDVOL_MISSING
  $2 (Debian package $3)"])])

dnl RBDVOL_LIB(VARIABLE, LIBRARY, FUNCTION, HEADER, DEBIAN-PACKAGE): a link test, for libraries without a .pc file
AC_DEFUN([RBDVOL_LIB],
	[rbdvol_found=no
	AC_CHECK_HEADER([$4], [AC_CHECK_LIB([$2], [$3], [rbdvol_found=yes], [], [$RADOS_LIBS])])
	AS_IF([test $rbdvol_found = yes], [$1_LIBS=-l$2],
		[RBDVOL_MISSING="$RBDVOL_MISSING
  lib$2 with $3 (Debian package $5)"])
	AC_SUBST([$1_LIBS])])

AC_DEFUN([RBDVOL_TELL_MISSING],
	[AS_IF([test -n "$RBDVOL_MISSING"], [AC_MSG_ERROR([missing libraries:$RBDVOL_MISSING])])])

dnl RBDVOL_HARDEN(VARIABLE, FLAG): add FLAG to VARIABLE, where compiler and linker take it without a warning
AC_DEFUN([RBDVOL_HARDEN],
	[AS_VAR_PUSHDEF([cached], [rbdvol_cv_flag_$2])
	AC_CACHE_CHECK([for $2], [cached],
		[saved_CFLAGS=$CFLAGS; CFLAGS="$CFLAGS -Werror $2"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[]])],
			[AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
		CFLAGS=$saved_CFLAGS])
	AS_VAR_IF([cached], [yes], [$1="$[]$1 $2"])
	AS_VAR_POPDEF([cached])
	AC_SUBST([$1])])
