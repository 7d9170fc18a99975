#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs as Debian ships them: they do the same as alone, and nothing is reported that is not so.

setup()
{
    load ../cli/setup.bash
    seq 1 600000 >numbers
}

# recorded EXPRESSION VALUE: what the report says of the recording.
recorded()
{
    [ "$(field "d[\"recording\"]$1" report.json)" = "$2" ]
}

# same_compressed FILE COMMAND...: alone and recorded, COMMAND makes the same FILE, silently, and
# nothing is found.
same_compressed()
{
    local file=$1
    shift
    "$@"
    mv "$file" alone
    expect 0 "$SNARL" run --accesses=none --json report.json -- "$@"
    silent out
    cmp alone "$file"
    [ "$(field 'len(d["findings"])' report.json)" = 0 ]
    recorded '["complete"]' True
    recorded '["lost_events"]' 0
}

@test "pbzip2" {
    same_compressed numbers.bz2 pbzip2 -k -f -p2 numbers
    recorded '["threads"] > 2' True
    recorded '["locks"] > 2' True
}

@test "xz with two threads" {
    same_compressed numbers.xz xz -1 -k -f -T2 numbers
}

# What a client sees of a server: the results of commands of every type, and a benchmark that runs
# to its end.
use_redis()
{
    local tries=100
    until redis-cli -s redis.socket ping 2>/dev/null | grep -q PONG; do
        ((tries--)) || return 1
        sleep 0.1
    done
    redis-cli -s redis.socket <<'END' >"$1"
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
save
END
    redis-benchmark -s redis.socket -q -n 5000 -c 20 -P 4 \
        -t set,get,incr,lpush,rpop,sadd,hset,zadd,mset >benchmark
    redis-cli -s redis.socket shutdown nosave
}

serve_redis()
{
    rm -f dump.rdb
    "$@" redis-server --port 0 --unixsocket redis.socket --save '' --io-threads 2 \
        >server.log 2>server.err &
    local server=$! code=0
    use_redis replies
    wait $server || code=$?
    echo "$code" >code
}

# redis locks moduleGIL in its main thread when it starts (moduleInitModulesSystem), gives it back
# only while it sleeps with modules loaded, and exits with it; and it parks its I/O threads by
# locking io_threads_mutex in the main thread (stopThreadedIO): so it is, and so it is reported.
@test "redis-server under redis-benchmark" {
    serve_redis
    mv replies alone
    [ "$(cat code)" = 0 ]
    [ "$(grep -c 'requests per second' benchmark)" = 9 ]
    serve_redis "$SNARL" run --accesses=none --fail-on=none --json report.json --
    diff alone replies
    [ "$(grep -c 'requests per second' benchmark)" = 9 ]
    [ "$(cat code)" = 0 ]
    grep -q 'bye bye' server.log
    recorded '["lost_events"]' 0
    recorded '["threads"] > 4' True
    local told='{(f["kind"], f["level"], f["sites"][0]["thread"]) for f in d["findings"]}'
    [ "$(field "$told" report.json)" = "{('abandoned-lock', 'observed', 0)}" ]
}
