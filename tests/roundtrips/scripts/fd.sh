# SPDX-License-Identifier: Apache-2.0
# needs: fdfind
mkdir -p tree/a/b tree/c; touch tree/a/x.c tree/a/b/y.c tree/c/z.h; echo '*.h' >tree/.ignore
watched fdfind -j3 . tree | sort; watched fdfind -e c . tree -x basename {} | sort
watched fdfind -t d -H . tree | sort
watched fdfind '^z' tree; watched fdfind --no-ignore '^z' tree; watched fdfind '[' tree; echo $?
