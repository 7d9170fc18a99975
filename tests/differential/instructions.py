# SPDX-License-Identifier: Apache-2.0
"""The instructions that random assembly programs are made of.

A line is a template in AT&T's order, with one word for each operand in braces:

    {z}            the suffix of a size, b w l q; {v} w l q, {d} l q
    {m} {r} {w} {i}    of that size: memory, a register that is read, one that is written (or
                       both), a number
    {m1} ... {m64}     memory of so many bytes; {a16} ... the same, aligned to its size
    {l}                memory for a locked instruction
    {r1} ... {r8} {w1} ... {w8}     registers of so many bytes
    {n}            a small number
    {c}            a condition
    {x} {y} {Z} {k}    a vector register of 16, 32, 64 bytes, a mask
    <...>          what AT&T's order has in braces; <k>: a mask

Each is followed by what of the machine it needs, if it is not there on all.
"""
import re

ARITHMETIC = """
add{z} {m},{w}
adc{z} {m},{w}
sub{z} {m},{w}
sbb{z} {m},{w}
and{z} {m},{w}
or{z} {m},{w}
xor{z} {m},{w}
add{z} {r},{m}
adc{z} {r},{m}
sub{z} {r},{m}
sbb{z} {r},{m}
and{z} {r},{m}
or{z} {r},{m}
xor{z} {r},{m}
add{z} {i},{m}
adc{z} {i},{m}
sbb{z} {i},{m}
xor{z} {i},{m}
add{z} {r},{w}
adc{z} {r},{w}
sub{z} {r},{w}
sbb{z} {r},{w}
and{z} {i},{w}
xor{z} {r},{w}
cmp{z} {m},{r}
cmp{z} {r},{m}
cmp{z} {i},{m}
cmp{z} {r},{r}
test{z} {r},{m}
test{z} {i},{m}
test{z} {r},{r}
inc{z} {m}
dec{z} {m}
neg{z} {m}
inc{z} {w}
dec{z} {w}
neg{z} {w}
xadd{z} {w},{m}
shl{z} {n},{m}
shr{z} {n},{m}
sar{z} {n},{m}
rol{z} {n},{m}
ror{z} {n},{m}
rcl{z} {n},{m}
rcr{z} {n},{m}
shl{z} %cl,{m}
sar{z} %cl,{m}
rol{z} %cl,{m}
rcr{z} %cl,{m}
shl{z} %cl,{w}
shr{z} {n},{w}
ror{z} %cl,{w}
rcl{z} {n},{w}
shld{d} {n},{r},{m}
shrd{d} %cl,{r},{m}
shld{d} %cl,{r},{w}
shrdw $3,{r2},{w2}
shldw $11,{r2},{m2}
imul{v} {m},{w}
imul{v} {i},{m},{w}
imul{v} {r},{w}
bsf{v} {m},{w}
bsr{v} {m},{w}
tzcnt{v} {m},{w} bmi1
lzcnt{v} {m},{w} abm
popcnt{v} {m},{w} popcnt
bt{v} {n},{m}
bts{v} {n},{m}
btr{v} {n},{m}
btc{v} {n},{m}
bt{v} {r},{r}
bts{v} {r},{w}
andn{d} {m},{r},{w} bmi1
bextr{d} {r},{m},{w} bmi1
blsr{d} {m},{w} bmi1
blsi{d} {m},{w} bmi1
bzhi{d} {r},{m},{w} bmi2
adcx{d} {m},{w} adx
adox{d} {m},{w} adx
adcx{d} {r},{w} adx
adox{d} {r},{w} adx
comisd {m8},{x}
ucomiss {m4},{x}
ptest {a16},{x}
vptest {m32},{y} avx
vtestps {m16},{x} avx
pcmpistri $0x0c,{a16},{x} writes-rcx
clc
stc
cmc
lock add{z} {r},{l}
lock adc{z} {r},{l}
lock sbb{z} {i},{l}
lock or{z} {i},{l}
lock xor{z} {r},{l}
lock and{z} {i},{l}
lock inc{z} {l}
lock dec{z} {l}
lock neg{z} {l}
lock xadd{z} {w},{l}
lock bts{v} {n},{l}
lock btr{v} {n},{l}
"""

# What leaves the flags as they are.
MOVES = """
mov{z} {m},{w}
mov{z} {m},{w}
mov{z} {m},{w}
mov{z} {r},{m}
mov{z} {r},{m}
mov{z} {r},{m}
mov{z} {i},{m}
mov{z} {r},{w}
mov{z} {i},{w}
movzbl {m1},{w4}
movzbw {m1},{w2}
movzwl {m2},{w4}
movzwq {m2},{w8}
movsbl {m1},{w4}
movsbq {m1},{w8}
movswl {m2},{w4}
movslq {m4},{w8}
movbe{v} {m},{w} movbe
movbe{v} {r},{m} movbe
not{z} {m}
not{z} {w}
xchg{z} {w},{l}
bswap {w8}
lea {m},{w8} address
movnti {r4},{m4}
movnti {r8},{m8}
rorx {n},{m4},{w4} bmi2
rorx {n},{m8},{w8} bmi2
sarx {r8},{m8},{w8} bmi2
shlx {r4},{m4},{w4} bmi2
pdep {m8},{r8},{w8} bmi2
pext {m4},{r4},{w4} bmi2
nopw {m2}
prefetcht0 {m1}
lock not{z} {l}
"""

USES_OF_FLAGS = """
set{c} {m1}
set{c} {w1}
cmov{c}{v} {m},{w}
cmov{c}{v} {r},{w}
adc{z} {r},{w}
sbb{z} {m},{w}
rcl{z} $1,{m}
rcr{z} $1,{w}
adcx{d} {m},{w} adx
adox{d} {r},{w} adx
lahf
"""

VECTORS = """
movups {m16},{x}
movups {x},{m16}
movaps {a16},{x}
movaps {x},{a16}
movdqu {m16},{x}
movdqu {x},{m16}
lddqu {m16},{x}
movntdq {x},{a16}
movss {m4},{x}
movss {x},{m4}
movsd {m8},{x}
movsd {x},{m8}
movlps {m8},{x}
movhps {m8},{x}
movhps {x},{m8}
movq {m8},{x}
movd {m4},{x}
movq {x},{m8}
movd {x},{m4}
movq {x},{w8}
movq {r8},{x}
paddb {a16},{x}
pxor {a16},{x}
psubw {x},{x}
pshufb {a16},{x}
punpcklbw {a16},{x}
addps {a16},{x}
mulsd {m8},{x}
addss {m4},{x}
cvtsi2sdq {m8},{x}
cvtsi2ssl {m4},{x}
cvttsd2si {m8},{w8}
cvtss2sd {m4},{x}
cvtps2pd {m8},{x}
pinsrb {n},{m1},{x}
pinsrw {n},{m2},{x}
pinsrd $1,{m4},{x}
pinsrq $1,{m8},{x}
pextrb $3,{x},{m1}
pextrw $5,{x},{m2}
pextrd $2,{x},{m4}
pextrq $1,{x},{m8}
extractps $1,{x},{m4}
insertps $16,{m4},{x}
pmovzxbw {m8},{x}
pmovsxbd {m4},{x}
pmovzxbq {m2},{x}
movddup {m8},{x}
roundsd $1,{m8},{x}
pmovmskb {x},{w4}
vmovups {m16},{x} avx
vmovdqu {m32},{y} avx
vmovdqu {y},{m32} avx
vmovups {y},{m32} avx
vmovaps {a32},{y} avx
vmovdqa {y},{a32} avx
vlddqu {m32},{y} avx
vmovntps {y},{a32} avx
vaddps {m32},{y},{y} avx
vmulpd {m32},{y},{y} avx
vxorps {m16},{x},{x} avx
vsubsd {m8},{x},{x} avx
vpaddd {m32},{y},{y} avx2
vpshufb {m32},{y},{y} avx2
vpermd {m32},{y},{y} avx2
vpblendvb {y},{m32},{y},{y} avx2
vbroadcastss {m4},{y} avx
vbroadcastsd {m8},{y} avx
vbroadcastf128 {m16},{y} avx
vpbroadcastb {m1},{y} avx2
vpbroadcastw {m2},{x} avx2
vpbroadcastq {m8},{y} avx2
vinsertf128 $1,{m16},{y},{y} avx
vextractf128 $1,{y},{m16} avx
vpmovzxbd {m8},{y} avx2
vpmovsxwq {m8},{y} avx2
vcvtph2ps {m16},{y} f16c
vcvtps2ph $0,{y},{m16} f16c
vfmadd231ps {m32},{y},{y} fma
vfmadd213sd {m8},{x},{x} fma
vpmaskmovd {m32},{y},{y} avx2
vpmaskmovd {y},{y},{m32} avx2
vpmaskmovq {m16},{x},{x} avx2
vmaskmovps {m32},{y},{y} avx
vmaskmovpd {x},{x},{m16} avx
vzeroupper avx
vmovdqu64 {m64},{Z} avx512f
vmovdqu64 {Z},{m64} avx512f
vmovdqu8 {m32},{y} avx512vl
vmovups {Z},{m64} avx512f
vmovdqa32 {a64},{Z} avx512f
vpaddd {m64},{Z},{Z} avx512f
vpaddq {m8}<1to8>,{Z},{Z} avx512f
vaddps {m4}<1to16>,{Z},{Z} avx512f
vpternlogd $0x96,{m64},{Z},{Z} avx512f
vpermq {m64},{Z},{Z} avx512f
vmovdqu32 {m64},{Z}<k> avx512f
vmovdqu32 {Z},{m64}<k> avx512f
vmovdqu8 {m16},{x}<k><z> avx512vl
vmovupd {y},{m32}<k> avx512vl
vpaddd {m64},{Z},{Z}<k> avx512f
vpcompressd {Z},{m64}<k> avx512f
vpexpandq {m64},{Z}<k><z> avx512f
vpcmpeqd {m64},{Z},{k} avx512f
vptestmb {m32},{y},{k} avx512vl
vbroadcasti32x4 {m16},{Z} avx512f
vinserti64x4 $1,{m32},{Z},{Z} avx512f
vextracti32x4 $2,{Z},{m16} avx512f
vpmovdb {Z},{m16} avx512f
vpmovzxbq {m8},{Z} avx512f
kmovq {m8},{k} avx512bw
kmovw {k},{m2} avx512f
kmovd {k},{w4} avx512bw
kortestw {k},{k} avx512f
"""

X87 = """
flds {m4}
fldl {m8}
fildl {m4}
fildll {m8}
filds {m2}
fldt {m10}
fld1
"""
X87_WORK = """
fadds {m4}
fmull {m8}
fsubl {m8}
fidivl {m4}
fiadds {m2}
fchs
fnstsw {m2}
fnstcw {m2}
"""
X87_END = """
fstps {m4}
fstpl {m8}
fstpt {m10}
fistps {m2}
fistpl {m4}
fistpll {m8}
fisttpll {m8}
"""
MMX = """
movq {m8},%mm{n8}
movd {m4},%mm{n8}
paddb {m8},%mm{n8}
pxor {m8},%mm{n8}
pmullw %mm{n8},%mm{n8}
punpckhbw {m8},%mm{n8}
movq %mm{n8},{m8}
movd %mm{n8},{m4}
movntq %mm{n8},{m8}
movq2dq %mm{n8},{x}
"""


def features():
    """What of the machine's there is beyond what all have, as the kernel names it."""
    with open("/proc/cpuinfo", encoding="ascii") as info:
        for line in info:
            if line.startswith("flags"):
                return set(line.split(":")[1].split())
    return set()


NOTES = {"address", "writes-rcx"}


def table(text, there):
    """Pairs of a template and its notes: those that the machine, which has THERE, can do."""
    found = []
    for line in text.strip().splitlines():
        words = line.split(" ")
        needs = []
        while words[-1] in NOTES or words[-1].startswith(("avx", "bmi")) or words[-1] in (
                "abm", "popcnt", "adx", "movbe", "f16c", "fma"):
            if len(words) == 1:
                break
            needs.insert(0, words.pop())
        if all(need in there or need in NOTES for need in needs):
            found.append((" ".join(words), frozenset(needs)))
    return found


# Flags. ------------------------------------------------------------------------------------------

FLAGS = frozenset("CPAZSO")
CONDITIONS = {"o": "O", "no": "O", "b": "C", "ae": "C", "e": "Z", "ne": "Z", "be": "CZ", "a": "CZ",
              "s": "S", "ns": "S", "p": "P", "np": "P", "l": "SO", "ge": "SO", "le": "SZO",
              "g": "SZO"}
CONDITION = "|".join(sorted(CONDITIONS, key=len, reverse=True))
INSTRUCTION = re.compile(r"(?:(lock|rep\w*) )?(\w+)(?: (.*))?")
CONDITIONAL = re.compile(rf"(?:set|j)({CONDITION})|cmov({CONDITION})[wlq]")
SHIFT = re.compile(r"(sh[lr]|sar|ro[lr]|rc[lr])([bwlq])|(sh[lr]d)([wlq])")
BITS = {"b": 8, "w": 16, "l": 32, "q": 64}

READS = [(r"adc[bwlq]|sbb[bwlq]|rc[lr][bwlq]|adcx.|cmc", "C"), (r"adox.", "O"),
         (r"lahf", "SZAPC"), (r"loopn?e", "Z"), (r"pushfq|call", "CPAZSO")]
# What it defines, and what it leaves undefined.
CHANGES = [
    (r"(add|adc|sub|sbb|cmp|neg|xadd|cmpxchg)[bwlq]?", "CPAZSO", ""),
    (r"(and|or|xor|test)[bwlq]", "CPZSO", "A"), (r"(inc|dec)[bwlq]", "PAZSO", ""),
    (r"(imul|mul)[bwlq]", "CO", "SZAP"), (r"div[lq]", "", "CPAZSO"),
    (r"bs[fr][wlq]", "Z", "COSAP"), (r"[lt]zcnt[wlq]", "CZ", "OSPA"),
    (r"(v?ptest|u?comis[sd]|vtestps|pcmpistri|kortestw|popcnt[wlq]|popfq)", "CPAZSO", ""),
    (r"bt[src]?[wlq]", "C", "OSAP"), (r"andn.", "CZSO", "AP"), (r"bextr.", "CZO", "ASP"),
    (r"(bls[ri]|bzhi).", "CZSO", "AP"), (r"clc|stc|cmc|adcx.", "C", ""), (r"adox.", "O", ""),
    (r"cmpxchg(8|16)b", "Z", ""), (r"sahf", "SZAPC", ""), (r"(scas|cmps)[bwlq]", "CPAZSO", ""),
]


def flags_read(line):
    name = INSTRUCTION.match(line)[2]
    condition = CONDITIONAL.fullmatch(name)
    if condition:
        return frozenset(CONDITIONS[condition[1] or condition[2]])
    return frozenset().union(*(read for pattern, read in READS if re.fullmatch(pattern, name)))


def shift_changes(name, bits, count):
    """COUNT: None, if that is in a register."""
    rotates = name.startswith("r")
    if count == 0:
        return "", ""
    undefined = "" if count == 1 else "O"
    undefined += "" if rotates else "A"
    if not rotates and (count is None or count >= bits):
        undefined += "C"
    return "" if count is None else {False: "CPZSO", True: "CO"}[rotates], undefined


def flags_changed(line):
    """Those that it defines whatever they were, and those that are not defined behind it."""
    prefix, name, operands = INSTRUCTION.match(line).groups()
    shift = SHIFT.fullmatch(name)
    if prefix and prefix.startswith("rep"):  # by a count that may be 0
        return frozenset(), frozenset()
    if shift:
        first = operands.split(",")[0]
        bits = BITS[shift[2] or shift[4]]
        count = int(first[1:]) % (64 if bits == 64 else 32) if first[0] == "$" else None
        changes = [shift_changes(shift[1] or shift[3], bits, count)]
    else:
        changes = [change for pattern, *change in CHANGES if re.fullmatch(pattern, name)]
    return (frozenset().union(*(defined for defined, _ in changes)),
            frozenset().union(*(undefined for _, undefined in changes)))
