# SPDX-License-Identifier: Apache-2.0
# needs: tclsh
cat >all.tcl <<'T'
proc fib n { expr {$n < 2 ? $n : [fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]} }
puts [fib 16]; puts [expr {2 ** 200}]; array set a {garlic 7 pencil 1}; puts [lsort [array names a]]
puts [catch {error no} m]$m; puts [regsub -all {(\d)(\d)} 123456 {\2\1}]
try { expr {1 / 0} } on error e { puts $e }
coroutine c apply {{} { yield; for {set i 0} {$i < 3} {incr i} { yield [expr {$i * 7}] } }}
puts [c][c][c]
puts [format %08.3f|%x 3.14159 255]; set d [dict create a 1 b {c 2}]; puts [dict get $d b c]
puts [lsort -integer {10 9 8}]
set s 0; for {set i 0} {$i < 50000} {incr i} { set s [expr {($s * 31 + $i) % 1000003}] }; puts $s
after 10 {set x 1}; vwait x
puts [exec echo sub]; puts [clock format 1700000000 -gmt 1 -format %Y-%m-%d]; interp create i
puts [i eval {expr 6 * 7}]; exit 4
T
watched tclsh all.tcl; echo $?
