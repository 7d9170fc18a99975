# SPDX-License-Identifier: Apache-2.0
"""What tests have from npm."""
import os
import shutil
import subprocess
import sys


def install(source, directory):
    """What the package of the directory SOURCE depends on, into DIRECTORY, unless it is there;
    nothing of it is run. Where it cannot be had, the test is skipped."""
    if not shutil.which("npm"):
        print("skipped: there is no npm; scripts/install-dependencies --test installs it")
        sys.exit(77)
    wanted = {}
    for name in "package.json", "package-lock.json":
        with open("%s/%s" % (source, name), "rb") as file:
            wanted[name] = file.read()
    done = directory + "/installed"
    if os.path.exists(done) and open(done, "rb").read() == wanted["package-lock.json"]:
        return
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for name, content in wanted.items():
        with open("%s/%s" % (directory, name), "wb") as file:
            file.write(content)
    fetched = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                              "--fetch-timeout=30000", "--fetch-retries=1"],
                             cwd=directory, stdin=subprocess.DEVNULL)
    if fetched.returncode:
        print("skipped: npm could not fetch what the test needs (is there a network?)")
        sys.exit(77)
    with open(done, "wb") as file:
        file.write(wanted["package-lock.json"])
