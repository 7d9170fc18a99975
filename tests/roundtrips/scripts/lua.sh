# SPDX-License-Identifier: Apache-2.0
# needs: lua5.4
# quick
cat >all.lua <<'L'
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(22), 7 // 2, 7.5 % 2, 1 << 40, 2^53, math.maxinteger + 1 == math.mininteger)
local co = coroutine.wrap(function(a) for i = 1, 5 do
    a = a + coroutine.yield(a * i) end return "end" end)
print(co(1), co(2), co(3), co(4), co(5), co(6))
print(pcall(error, {code = 7}), select("#", pcall(error)))
print(pcall(function() local x = nil; return x.y end))
print(xpcall(function() error("deep", 0) end, function(m) return m .. "!" end))
local parts = {}
for word, number in ("garlic=7, pencil=1, olivia=42"):gmatch("(%w+)=(%d+)") do
    parts[#parts + 1] = word:upper() .. number * 2 end
table.sort(parts, function(a, b) return a > b end) print(table.concat(parts, ";"))
local t = setmetatable({}, {__index = function(_, k) return k .. "?" end,
    __call = function(_, x) return x * 2 end})
print(t.what, t(21), ("%5.2f|%q|%x"):format(math.pi, "a\nb", 255))
print(string.pack("<i4z", 7, "steve"):byte(1, -1))
local s = 0 for i = 1, 300000 do s = (s * 31 + i) % 1000003 end print(s)
local weak = setmetatable({}, {__mode = "k"}) for i = 1, 1000 do
    weak[{}] = i end collectgarbage() print(next(weak))
print(select(2, load("return +")), utf8.char(9786, 8364), #utf8.char(9786))
local big = {} for i = 1, 20000 do big[i] = (i * 7919) % 20011 end
    table.sort(big) print(big[1], big[10000], big[20000])
goto done
print("never")
::done:: os.exit(3, true)
L
watched lua5.4 all.lua; echo $?
watched lua5.4 -e 'error("an end")'; echo $?
