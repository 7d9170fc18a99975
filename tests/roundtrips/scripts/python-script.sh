# SPDX-License-Identifier: Apache-2.0
# needs: python3.11
# patience: 300
cat >all.py <<'P'
import asyncio, collections, concurrent.futures, contextlib, ctypes, functools, hashlib
import itertools, json, re, sys, threading, zlib, decimal, subprocess
print(json.dumps({"a": [1, 2.5, None], "b": {str(i): i for i in range(50)}}, sort_keys=True)[-40:])
print(re.sub(r"(?P<a>\d+)(?=7)", lambda m: f"<{m['a']}>", "1237 457 7"),
      re.findall(r"(a|b)+c", "ababc bc"))
print(hashlib.sha256(b"garlic" * 10000).hexdigest(), zlib.crc32(b"x" * 1000),
      len(zlib.compress(bytes(range(256)) * 99)))
@functools.lru_cache(None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(200), decimal.Decimal(2).sqrt(), 2**300 % 10**9, sum(itertools.accumulate(range(1000))))
def deep(n): return deep(n + 1)
try: deep(0)
except RecursionError as e: print(e)
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    print(sum(pool.map(lambda n: n * n, range(300))))
async def work(n): await asyncio.sleep(0.001 * n); return n * 7
async def main(): print(await asyncio.gather(*map(work, range(5))))
asyncio.run(main())
lock, total = threading.Lock(), 0
def add():
    global total
    for _ in range(2000):
        with lock: total += 1
threads = [threading.Thread(target=add) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
print(total, collections.Counter("mississippi").most_common(2))
number = ctypes.POINTER(ctypes.c_int)
compare = ctypes.CFUNCTYPE(ctypes.c_int, number, number)(lambda a, b: a[0] - b[0])
numbers = (ctypes.c_int * 5)(5, 3, 1, 4, 2); ctypes.CDLL(None).qsort(numbers, 5, 4, compare)
print(list(numbers))
try:
    try: {}["x"]
    except KeyError as e: raise ValueError("outer") from e
except* ValueError as group: print(repr(group.exceptions), repr(group.exceptions[0].__cause__))
print(subprocess.run([sys.executable, "-I", "-c", "print(6*7)"], capture_output=True).stdout)
def gen():
    try: yield 1; yield 2
    finally: print("closed")
with contextlib.closing(gen()) as g: print(next(g))
print(sorted((n * 7919 % 1009 for n in range(1000)), key=lambda n: (n % 7, -n))[:9]); sys.exit(9)
P
watched /usr/bin/python3.11 -I all.py; echo $?
watched /usr/bin/python3.11 -I -c 'import nowhere'; echo $?
