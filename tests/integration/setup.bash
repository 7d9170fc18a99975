# SPDX-License-Identifier: Apache-2.0
# What these tests share: snarl, installed into $prefix. BUILD comes from ctest.

prefix=$BATS_FILE_TMPDIR/prefix

install_snarl()
{
    cmake --install "$BUILD" --prefix "$prefix" >"$BATS_FILE_TMPDIR/installed"
}

# Beside what the tests of the command line have.
prepare()
{
    source "$BATS_TEST_DIRNAME/../cli/setup.bash"
    PATH=$prefix/bin:$PATH
    SNARL=$prefix/bin/snarl
}
