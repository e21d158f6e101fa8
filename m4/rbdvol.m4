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
