# SPDX-License-Identifier: Apache-2.0
"""memcached with worker threads and those in the background (LRU crawler, slab mover), loaded by
memcslap, ended by SIGTERM."""
import os
import re
import signal
import socket

from stage import children_of


def ask(path, *lines):
    """The server's answers to a few commands of its text protocol."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "quit")).encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.decode()


def perform(stage):
    path = stage.directory / "memcached.socket"
    user = ["-u", "root"] if os.getuid() == 0 else []
    server = stage.start("memcached", *user, "-s", path, "-t", "4", "-m", "32", "-v", "-o",
                         "modern,slab_automove=2,hashpower=14")

    def answers():
        try:
            return ask(path, "version").startswith("VERSION")
        except OSError:
            return False

    stage.wait_for_server(server, answers)
    replies = ask(path, "set garlic 0 0 2", "42", "incr garlic 8", "get garlic", "gets nothing",
                  "add garlic 0 0 1", "7", "append garlic 0 0 1", "!", "get garlic",
                  "touch garlic 1000", "delete garlic", "get garlic", "verbosity 0")
    loads = [stage.client("memcslap", "-s", path, "--concurrency=8", "--execute-number=400",
                          f"--test={test}") for test in ("set", "get")]
    crawled = ask(path, "lru_crawler crawl all", "slabs automove 1", "flush_all")
    stats = dict(re.findall(r"STAT (\S+) (\S+)", ask(path, "stats")))
    inner = children_of(server.pid) if stage.prefix() else [server.pid]
    os.kill(inner[0], signal.SIGTERM)
    ended = stage.end(server)
    return {"replies": replies, "crawled": crawled, "status": ended.status,
            "loads": [re.sub(r" +[\d.]+ seconds", " N seconds", load) for load in loads],
            "errors": ended.errors, "output": ended.output,
            "stats": {name: stats.get(name) for name in
                      ("threads", "cmd_flush", "rejected_connections", "cmd_set")}}


# On SIGTERM main returns without waiting for the other threads. That of the LRU lists holds its
# lock whenever it is not asleep; its functions have no names in Debian's executable.
TRUE = ["abandoned-lock observed: holds start_thread < clone3; ends ?"]

PROGRAMS = [{"name": "memcached", "perform": perform, "patience": 60, "quick": True,
             "findings": TRUE, "needs": ["/usr/bin/memcached", "/usr/bin/memcslap"]}]
