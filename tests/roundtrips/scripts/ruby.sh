# SPDX-License-Identifier: Apache-2.0
# needs: ruby
# patience: 300
cat >all.rb <<'R'
def fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)
puts fib(18), 2**200, 10.0 / 3, "garlic".sub(/(.)l/) { $1.upcase }
f = Fiber.new { |x| 3.times { |i| x += Fiber.yield(x * i) }; :end }; p 4.times.map { f.resume(2) }
begin; raise ArgumentError, "no"; rescue => e; puts "#{e.class} #{e.message}"
ensure puts "ensure"; end
p catch(:out) { 10.times { |i| throw :out, i if i == 7 } }
p (1..Float::INFINITY).lazy.map { _1 * 2 }.select { _1 % 3 == 0 }.first(3)
q = Queue.new; t = 3.times.map { Thread.new { s = 0; while (v = q.pop) != :end; s += v; end; s } }
200.times { q << _1 }; 3.times { q << :end }; p t.sum(&:value)
h = Hash.new { |k, v| k[v] = v.to_s * 2 }; 5.times { h[_1] }; p h, h.sort_by { |k, v| -k }.to_h.keys
m = Struct.new(:a, :b) { def sum = a + b }
p m.new(1, 2).sum, [3, 1, 2].sort { |x, y| y <=> x }, "%05.2f" % 3.14159
case { name: "steve", tags: [1, 2] } in { name: String => n, tags: [_, *rest] } then p n, rest end
s = (1..50000).inject { |a, b| (a * 31 + b) % 1000003 }; p s; GC.start
p ObjectSpace.count_objects.key?(:TOTAL)
pid = fork { exit 3 }; Process.wait pid; p $?.exitstatus; p Integer("x") rescue p $!.message; exit 9
R
watched ruby --disable=gems all.rb; echo $?
watched ruby --disable=gems -e 'raise "an end"'; echo $?
