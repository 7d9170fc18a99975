# SPDX-License-Identifier: Apache-2.0
# needs: git
# patience: 200
export HOME=$PWD GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
git config --global user.name steve; git config --global user.email steve@localhost
git config --global init.defaultBranch main; git config --global gc.auto 0
watched git init -q depot; cd depot || exit
for n in 1 2 3; do text $((n * 5000)) | sed "s/$n/garlic/" >f$n; watched git add .
watched git commit -q -m "number $n"; done
watched git checkout -q -b side HEAD~1; echo side >>f1; watched git commit -q -a -m side
watched git merge -q -m merged main; watched git log --graph --format='%H %s' --stat
watched git diff --word-diff HEAD~1 | sha256sum; watched git blame f1 | tail -2
watched git grep -c garlic
watched git rebase -q main; watched git cherry-pick nowhere; echo $?
watched git bundle create -q ../all.bundle --all; watched git fsck --full
watched git archive HEAD | sha256sum
watched git clone -q ../all.bundle ../other; watched git -C ../other log --oneline --all | sort
rm -rf .git/index ../other/.git ../all.bundle .git/objects/pack; echo done
