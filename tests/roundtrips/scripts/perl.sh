# SPDX-License-Identifier: Apache-2.0
# needs: perl
cat >all.pl <<'P'
use strict; use warnings; use threads; use Thread::Queue; use Data::Dumper;
use List::Util qw(sum reduce);
use Digest::SHA qw(sha256_hex); use Storable qw(freeze thaw); use Encode;
$| = 1; $Data::Dumper::Sortkeys = 1;
my %count; my $text = join " ", map { "garlic$_ " . ($_ * 7919 % 1000) } 1 .. 3000;
$count{$1}++ while $text =~ /(\d)\d*\b/g;
print Dumper(\%count);
(my $changed = $text) =~ s/(gar)(lic)(\d+)/$2$1 . ($3 * 2)/ge;
print sha256_hex($changed), "\n";
print "$1|$2\n" if "key = [value]" =~ /^(?<name>\w+)\s*=\s*(\[(?:[^\[\]]++|(?2))*\])$/;
eval { die { code => 42 } }; print "caught $@->{code}\n";
eval { my $x = 0; my $y = 1 / $x; }; print "caught $@";
eval { local $SIG{ALRM} = sub { die "alarm\n" }; alarm 1; 1 while 1; }; print "caught $@";
my @sorted = sort { $a->[1] <=> $b->[1] || $a->[0] cmp $b->[0] }
    map { [$_, $count{$_}] } keys %count;
print join(",", map { "$_->[0]=$_->[1]" } @sorted), "\n";
printf "%.10g %e %s %05d %-5s|\n", atan2(1, 1) * 4, 1 / 3, 1e100, 42, "ab";
print thaw(freeze({ a => [1 .. 5] }))->{a}[3], " ", length(encode("UTF-8", "\x{263a}" x 10)), "\n";
print unpack("H*", pack("w N n C a5 q", 300, 1, 2, 3, "steve", -5)), "\n";
my $queue = Thread::Queue->new(1 .. 200); $queue->end;
my @workers = map { threads->create(sub {
    my $s = 0; while (defined(my $n = $queue->dequeue)) { $s += $n } $s }) } 1 .. 3;
print sum(map { $_->join } @workers), "\n";
my $pid = open(my $pipe, "-|") // die; if (!$pid) { print "from child $_\n" for 1 .. 3; exit 7 }
print while <$pipe>; close $pipe; print $? >> 8, "\n";
sub fib { my $n = shift; $n < 2 ? $n : fib($n - 1) + fib($n - 2) } print fib(20), "\n";
my $string = ""; open(my $out, ">", \$string) or die; print $out "in memory"; close $out;
print "$string\n";
format STDOUT =
@<<<<<< @>>>>>> @##.##
"left", "right", 3.14159
.
write;
P
PERL_HASH_SEED=0 watched perl all.pl; echo $?
text 200000 >text
watched perl -ne '$h{length $_}++; END { print "$_ $h{$_}\n" for sort { $a <=> $b } keys %h }' text
watched perl -MMath::BigInt -e 'print Math::BigInt->new(2)->bpow(500)->bdiv(3) . "\n"'
watched perl -MPOSIX -e 'print strftime("%Y-%m-%d", gmtime(1700000000)), " ", floor(-1.5), "\n"'
watched perl -e 'die "an end\n"'; echo $?
