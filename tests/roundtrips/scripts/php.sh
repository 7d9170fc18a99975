# SPDX-License-Identifier: Apache-2.0
# needs: php
# patience: 300
cat >all.php <<'P'
<?php
function fib($n) { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }
function many() { for ($i = 0; $i < 5; $i++) { $got = yield $i => $i * 7;
    if ($got) echo "got $got\n"; } return "end"; }
echo fib(18), "\n"; $g = many(); foreach ($g as $k => $v) echo "$k=$v "; echo $g->getReturn(), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo get_class($e), $e->getMessage(), "\n"; }
    finally { echo "finally\n"; }
$a = []; for ($i = 0; $i < 5000; $i++) $a["k" . ($i * 7919 % 5000)] = $i; ksort($a);
echo md5(serialize($a)), "\n";
echo preg_replace_callback('/(\d+)(?=7)/', fn($m) => "<$m[1]>", "1237 457 7"), "\n";
var_dump(json_decode('{"a":[1,2.5,null]}', true));
class Box { public function __construct(public readonly int $v) {}
    public function __toString(): string { return "Box($this->v)"; } }
echo new Box(7), " ", match (true) { fib(5) > 4 => "more", default => "less" }, "\n";
printf("%08.3f|%'*10s|%b\n", M_PI, "x", 42);
echo hash('sha256', str_repeat('garlic', 1000)), " ", strrev(ucwords("two words")), " ",
    bin2hex(pack("nvN", 1, 2, 3)), "\n"; exit(5);
P
watched php -n all.php; echo $?
watched php -n -d opcache.enable_cli=0 -r 'nowhere();'; echo $?
