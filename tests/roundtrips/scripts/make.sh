# SPDX-License-Identifier: Apache-2.0
# needs: make
printf 'all: a b c d\n\t@cat $^\na b c d:\n\t@sleep 0.0$(words $@)\n' >Makefile
printf '\t@echo $@ $(if $(filter a c,$@),odd,even) >$@\n' >>Makefile
printf 'empty :=\nlist := $(foreach n,1 2 3,n$n)\nfail:\n\t@exit 3\n' >>Makefile
printf '$(info $(list) $(shell echo sub) $(sort c b a) $(patsubst %%.c,%%.o,x.c))\n' >>Makefile
watched make -j3; echo $?; touch -d '+1 hour' a; watched make -s; watched make fail; echo $?
watched make nowhere; echo $?
watched make -p -n -f /dev/null nothing >nothing 2>&1; rm -f nothing a; watched make -n | sort
