# SPDX-License-Identifier: Apache-2.0
"""redis-server with I/O threads, used by redis-benchmark, with what it does in children (BGSAVE)
and in background threads (UNLINK, FLUSHALL, fsync); shut down by a command."""
import re

COMMANDS = """\
set garlic 1
incrby garlic 41
rpush queue barron olivia steve
lrange queue 0 -1
zadd scores 3 barron 1 olivia 2 steve
zrange scores 0 -1 withscores
hset kitchen garlic 7 pencil 1
hgetall kitchen
eval "return redis.call('get', 'garlic')" 0
multi
incr garlic
exec
debug sleep 0
unlink queue
dbsize
"""


def children_are_done(client):
    state = client("info", "persistence")
    return "rdb_bgsave_in_progress:0" in state and "aof_rewrite_in_progress:0" in state


def perform(stage):
    server = stage.start(
        "redis-server", "--port", "0", "--unixsocket", "redis.socket", "--save", "",
        "--io-threads", "2", "--io-threads-do-reads", "yes", "--appendonly", "yes",
        "--appendfsync", "everysec", "--lazyfree-lazy-user-flush", "yes",
        "--enable-debug-command", "yes")

    def client(*words, given=""):
        return stage.client("redis-cli", "-s", "redis.socket", *words, given=given)

    def answers():
        ended = stage.call("redis-cli", "-s", "redis.socket", "ping", watched=False)
        return "PONG" in ended.output

    stage.wait_for_server(server, answers)
    replies = client(given=COMMANDS)
    saved = client("bgsave")
    stage.wait_until(lambda: children_are_done(client), "BGSAVE")
    benchmark = stage.client(
        "redis-benchmark", "-s", "redis.socket", "-q", "-n", "2000", "-c", "20", "-P", "4", "-t",
        "set,get,incr,lpush,rpop,sadd,hset,zadd,mset")
    rewritten = client("bgrewriteaof")
    stage.wait_until(lambda: children_are_done(client), "BGREWRITEAOF")
    last = client("info", "persistence")
    flushed = client("flushall")
    stage.call("redis-cli", "-s", "redis.socket", "shutdown", "save", watched=False)
    ended = stage.end(server)
    return {
        "replies": replies, "told": [saved, rewritten, flushed],
        "benchmarks": re.findall(r"([A-Z]+(?: \(.*?\))?): [\d.]+ requests per second", benchmark),
        "children": re.findall(r"\w+_last_\w+status:\w+", last),
        "status": ended.status, "errors": ended.errors,
        "farewell": "bye bye" in ended.output,
        "troubles": re.findall(r"# (?!WARNING)(.*(?:[Ee]rror|[Ff]ail|[Cc]rash|BUG).*)",
                               ended.output),
        "files": sorted(str(path.relative_to(stage.directory)) for path in
                        stage.directory.rglob("*.rdb")),
    }


# redis locks moduleGIL in its main thread when it starts (moduleInitModulesSystem), gives it back
# only while it sleeps with modules loaded, and exits with it; and it parks its I/O threads by
# locking io_threads_mutex in the main thread (stopThreadedIO).
TRUE = ["abandoned-lock observed: holds main <", "abandoned-lock observed: holds stopThreadedIO <",
        "abandoned-lock observed: holds initThreadedIO <"]

PROGRAMS = [{"name": "redis", "perform": perform, "findings": TRUE, "patience": 90, "quick": True,
             "needs": ["/usr/bin/redis-server", "/usr/bin/redis-benchmark"]}]
