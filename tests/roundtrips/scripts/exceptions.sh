# SPDX-License-Identifier: Apache-2.0
# needs: g++
g++ -O2 -g -pthread "$SUBJECTS/exceptions.cc" -o throws
watched ./throws; echo $?; watched ./throws terminate 2>&1; echo $?
rm -f throws
