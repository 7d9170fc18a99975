# SPDX-License-Identifier: Apache-2.0
"""Random assembly programs: functions that take all registers and flags from a state, access the
buffer in every way that there is, and put all back (host_asm.h). A seed gives the same program on
all machines of the same features.

Nothing in them depends on where code, stack or near data lie, so that what they leave is the same
wherever the program is loaded: a register that held such an address is overwritten.
"""
import re

from instructions import (ARITHMETIC, CONDITIONS, FLAGS, MMX, MOVES, USES_OF_FLAGS, VECTORS, X87,
                          X87_END, X87_WORK, features, table)
from operands import ALL, NAMES, R11, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, Writer

SIZES = {"b": 1, "w": 2, "l": 4, "q": 8}
HIGH = ("ah", "ch", "dh", "bh")
KEPT = (RBX, RBP, 12, 13, 14, 15)
# The recorder's words are found by the low 44 bits of addresses: at their end, and across it, too.
# None lies where a program at a fixed address may have its heap: up to 32 MiB behind it.
BUFFERS = (0x10000000, 0x200000000, 0xfffffff0000, 0x5a5a00000000, 0x5ffffffff000, 0x1ff000)
BUFFER_SIZE = 8192
VECTORS_AT, MASKS_AT, REGISTERS_AT, FLAGS_AT = 0, 2048, 2112, 2240
WORD = re.compile(r"\{(\w+)\}")


class Body(Writer):
    """A writer that knows the instructions."""

    def __init__(self, chance, program, prefix, writable=ALL):
        super().__init__(chance, program.buffer, BUFFER_SIZE, writable)
        self.program, self.prefix = program, prefix
        self.depth = 0
        self.items = [(self.plain, 30), (self.chain, 12), (self.string, 4), (self.exchange, 4),
                      (self.bit, 3), (self.pushed, 3), (self.red_zone, 3), (self.branch, 5),
                      (self.loop, 3), (self.switch, 2), (self.x87, 2), (self.mmx, 1),
                      (self.gather, 2), (self.flags_by_stack, 1), (self.divide, 1),
                      (self.translate, 1), (self.masked_bytes, 1), (self.call, 2),
                      (self.call_indirectly, 1), (self.framed, 1), (self.computed, 1)]

    # One instruction by its template.

    def general(self, size, written):
        number = self.target() if written else self.readable()
        if written:
            self.written.append(number)
        if size == 1 and number < 4 and self.maybe(0.3):
            return "%" + HIGH[number]
        return "%" + NAMES[size][number]

    def vector(self, kind):
        # Without AVX-512 there are 16.
        most = 32 if self.program.wide and (kind == "Z" or self.evex) else 16
        return "%" + {"x": "xmm", "y": "ymm", "Z": "zmm"}[kind] + str(self.chance.randrange(most))

    def number(self, size):
        most = 1 << min(8 * size, 32) - 1
        small = min(most, 128)
        return self.chance.choice((0, 1, -1, 8, self.chance.randrange(-small, small),
                                   self.chance.randrange(-most, most)))

    def operand(self, match):
        word = match[1]
        kind, size = word[0], int(word[1:] or 0) or self.unit
        if word in ("m", "a", "l") or (kind in "ma" and word[1:].isdigit()):
            return self.memories.pop(0)
        if kind in "rw" and (word[1:].isdigit() or len(word) == 1):
            return self.general(size, kind == "w")
        if word in "xyZ":
            return self.vector(word)
        return {"z": self.suffix, "v": self.suffix, "d": self.suffix,
                "i": f"${self.number(size)}", "n": f"${self.chance.randrange(32)}",
                "n8": str(self.chance.randrange(8)), "k": f"%k{self.chance.randint(1, 7)}",
                "c": self.chance.choice(list(CONDITIONS))}[word]

    def write(self, template, notes=frozenset()):
        if "writes-rcx" in notes and not self.may_write(RCX):
            return
        letters = ("bwlq" if "{z}" in template else "wlq" if "{v}" in template else "lq")
        self.suffix = self.chance.choice(letters)
        self.unit = SIZES[self.suffix]
        self.evex = any(note.startswith("avx512") for note in notes)
        self.written = []
        self.memories = []
        for word in WORD.findall(template):
            size = int(word[1:]) if word[1:].isdigit() else self.unit
            if word == "l":
                self.memories.append(self.locked(size))
            elif word[0] in "ma" and (len(word) == 1 or word[1:].isdigit()):
                self.memories.append(self.memory(size, word[0] == "a", rip="address" not in notes))
        text = template.replace("<k>", f"<%k{self.chance.randint(1, 7)}>")
        text = WORD.sub(self.operand, text).replace("<", "{").replace(">", "}")
        if any("%" + high in text for high in HIGH) and re.search(r"%r\d|%[sd]il|%[sb]pl", text):
            for high in HIGH:
                text = text.replace("%" + high, f"%{high[0]}l")
        self.put(text)
        self.forget(*self.written)
        if "writes-rcx" in notes:
            self.forget(RCX)
        if template == "lahf":
            self.forget(RAX)

    def write_one_of(self, name):
        template, notes = self.chance.choice(self.program.tables[name])
        if template == "lahf" and not self.may_write(RAX):
            return
        self.write(template, notes)

    # Items: each leaves the stack pointer as it was.

    def plain(self):
        self.write_one_of(self.chance.choice(("arithmetic", "moves", "moves", "vectors")))

    def chain(self):
        """Flags that stay live across accesses."""
        self.write_one_of("arithmetic")
        for _ in range(self.chance.randrange(4)):
            self.write_one_of(self.chance.choice(("moves", "moves", "vectors", "uses")))
        self.write_one_of("uses")

    def string(self):
        operation = self.chance.choice(("movs", "movs", "stos", "stos", "lods", "scas", "cmps"))
        if not self.may_write(RAX, RCX, RSI, RDI):
            return
        suffix = self.chance.choice("bwlq")
        size, down, count, pinned = SIZES[suffix], self.maybe(0.4), 1, set(self.pinned)
        prefix = ""
        if self.maybe(0.7):
            count = self.chance.choice((0, 1, 2, 3, 9, 40, self.chance.randrange(120)))
            compares = operation in ("scas", "cmps")
            prefix = self.chance.choice(("repe ", "repne ")) if compares else "rep "
            self.set(RCX, count)
        span = max(count, 1) * size
        for register in (RSI, RDI):
            first = self.offset(1, False) % (BUFFER_SIZE - span)
            if register == RDI and operation == "movs" and self.maybe(0.3):  # overlapping
                first = min(max(self.known[RSI] - self.buffer - (span - size if down else 0) +
                                self.chance.randint(-9, 9), 0), BUFFER_SIZE - span)
            self.set(register, self.buffer + first + (span - size if down else 0))
        if down:
            self.put("std")
        if self.maybe(0.5):
            self.pinned |= {RCX, RSI, RDI} - pinned
            self.write("mov{z} {r},{m}")
            self.pinned = pinned
        self.put(f"{prefix}{operation}{suffix}")
        if down:
            self.put("cld")
        self.forget(RAX, RCX, RSI, RDI)

    def exchange(self):
        """Compare-exchanges that succeed, and that fail."""
        if not self.may_write(RAX, RBX, RCX, RDX):
            return
        wide = self.maybe(0.4)
        size = self.chance.choice((8, 16) if wide else (1, 2, 4, 8))
        where = self.memory(size, aligned=True, keep=(RAX, RBX, RCX, RDX), rip=False)
        lock = "lock " if self.maybe(0.6) else ""
        if self.maybe(0.5) and "%ra" not in where and "%rd" not in where.replace("%rdi", ""):
            self.put(f"mov {where},%{NAMES[size // 2 if wide else size][RAX]}")
            if wide:
                where_high = self.higher(where, size // 2)
                self.put(f"mov {where_high},%{NAMES[size // 2][RDX]}")
        if wide:
            self.put(f"{lock}cmpxchg{size}b {where}")
        else:
            new = self.readable() if size > 1 else self.chance.randrange(8, 16)
            self.put(f"{lock}cmpxchg %{NAMES[size][new]},{where}")
        self.forget(RAX, RDX)

    @staticmethod
    def higher(where, more):
        away, behind = re.fullmatch(r"([-\w]*)(.*)", where).groups()
        return f"{int(away or '0', 0) + more}{behind}"

    def bit(self):
        """By a number in a register: far beyond what the operand names."""
        suffix = self.chance.choice("wlq")
        free = sorted(self.writable - self.pinned)
        base, index = self.chance.sample(free, 2)
        bits = 8 * SIZES[suffix]
        away = self.chance.randrange(-60, 60) * bits + self.chance.randrange(bits)
        self.set(index, away)
        self.set(base, self.buffer + BUFFER_SIZE // 2)
        operation = self.chance.choice(("bt", "bts", "btr", "btc"))
        lock = "lock " if operation != "bt" and self.maybe(0.3) else ""
        self.put(f"{lock}{operation}{suffix} %{NAMES[SIZES[suffix]][index]},"
                 f"{self.chance.choice(('', 8, -16))}(%{NAMES[8][base]})")
        self.write_one_of("uses")

    def pushed(self):
        kind = self.chance.random()
        if kind < 0.4:
            self.put(f"pushq %{NAMES[8][self.readable()]}")
        elif kind < 0.8:
            self.put(f"pushq {self.memory(8)}")
        else:
            self.put(f"pushq ${self.chance.randrange(-1000, 1 << 30)}")
        self.put(".cfi_adjust_cfa_offset 8")
        self.some(self.chance.randrange(1, 4))
        self.put(f"xorq %{NAMES[8][self.readable()]},(%rsp)")
        if self.maybe(0.5):
            register = self.target()
            self.put(f"popq %{NAMES[8][register]}")
            self.forget(register)
        else:
            self.put(f"popq {self.memory(8)}")
        self.put(".cfi_adjust_cfa_offset -8")

    def red_zone(self):
        """Below the stack pointer, with accesses between."""
        slots = self.chance.sample(range(8, 129, 8), self.chance.randint(1, 5))
        for slot in slots:
            self.put(f"movq %{NAMES[8][self.readable()]},-{slot}(%rsp)")
        for _ in range(self.chance.randint(1, 6)):
            self.write_one_of(self.chance.choice(("arithmetic", "moves", "vectors", "uses")))
        for slot in slots:
            register = self.target()
            self.put(self.chance.choice((f"movq -{slot}(%rsp)", f"addq -{slot}(%rsp)",
                                         f"adcq -{slot}(%rsp)")) + f",%{NAMES[8][register]}")
            self.forget(register)

    def state(self):
        return dict(self.known), self.undefined, self.foreign

    def merge(self, others):
        self.known = {r: n for r, n in self.known.items()
                      if all(known.get(r) == n for known, _, _ in others)}
        self.undefined = self.undefined.union(*(undefined for _, undefined, _ in others))
        self.foreign = self.foreign.union(*(foreign for _, _, foreign in others))

    def branch(self):
        if self.depth > 2:
            return
        label = self.label(self.prefix)
        self.write_one_of("arithmetic")
        if self.maybe(0.3):
            self.write_one_of("moves")
        if self.maybe(0.1):
            self.put_short("jrcxz", label)
        else:
            self.put(f"j{self.chance.choice(list(CONDITIONS))} {label}")
        before = self.state()
        self.nested(self.chance.randint(1, 6))
        self.place(label)
        self.merge([before])

    def put_short(self, jump, label):
        """Of jumps that do not reach far."""
        here, out = self.label(self.prefix), self.label(self.prefix)
        self.put(f"{jump} {here}")
        self.put(f"jmp {out}")
        self.place(here)
        self.put(f"jmp {label}")
        self.place(out)

    def loop(self):
        if self.depth > 1:
            return
        label, count = self.label(self.prefix), self.chance.randint(1, 5)
        kind = self.chance.choice(("dec", "loop", "lea", "memory"))
        counter = RCX if kind in ("loop", "lea") else self.target()
        if kind != "memory":
            if not self.may_write(counter) or len(self.pinned) > 1:
                return
            self.set(counter, count)
            self.pinned.add(counter)
        else:
            slot = f"{label}_count(%rip)"  # its own, whoever calls whom
            self.put(f"movl ${count},{slot}")
            self.program.data.append(f"\t.lcomm {label}_count,4")
        self.known.clear()
        self.place(label)
        undefined, foreign = self.undefined, self.foreign
        self.nested(self.chance.randint(1, 5))
        if not (self.undefined <= undefined and self.foreign <= foreign):
            self.put(f"cmpq %{NAMES[8][self.readable()]},%{NAMES[8][self.readable()]}")
        name = NAMES[8][counter]
        if kind == "dec":
            self.put(f"dec %{name}")
            self.put(f"jnz {label}")
        elif kind == "loop":
            self.put_short(self.chance.choice(("loop", "loope", "loopne")), label)
        elif kind == "lea":  # no flag changes
            out = self.label(self.prefix)
            self.put(f"lea -1(%{name}),%{name}")
            self.put(f"jrcxz {out}")
            self.put(f"jmp {label}")
            self.place(out)
        else:
            self.put(f"decl {slot}")
            self.put(f"jnz {label}")
        if kind != "memory":
            self.pinned.discard(counter)

    def nested(self, count):
        self.depth += 1
        self.some(count)
        self.depth -= 1

    def switch(self):
        if self.depth > 1:
            return
        index, base, to = self.chance.sample(sorted(self.writable - self.pinned), 3) if len(
            self.writable - self.pinned) > 4 else (None, None, None)
        if index is None:
            return
        count, start, end = 4, self.label(self.prefix), self.label(self.prefix)
        names = [NAMES[8][register] for register in (index, base, to)]
        if self.maybe(0.5):
            self.put(f"movzbl {self.memory(1)},%{NAMES[4][index]}")
            self.put(f"andl $3,%{NAMES[4][index]}")
        else:  # no flag changes
            self.write_one_of("arithmetic")
            self.put(f"movl $0,%{NAMES[4][index]}")
            self.put(f"set{self.chance.choice(list(CONDITIONS))} %{NAMES[1][index]}")
        cases = [self.label(self.prefix) for _ in range(count)]
        kind = self.chance.choice(("distances", "places", "load") if self.program.fixed
                                  else ("distances", "by-base"))
        if kind == "distances":
            self.put(f"leaq {start}(%rip),%{names[1]}")
            self.put(f"movslq (%{names[1]},%{names[0]},4),%{names[2]}")
            self.put(f"addq %{names[1]},%{names[2]}")
            self.put(f"jmp *%{names[2]}")
            self.undefined = FLAGS  # they say where the code lies
            entries = [f".long {case} - {start}" for case in cases]
        else:
            if kind == "places":
                self.put(f"jmp *{start}(,%{names[0]},8)")
            elif kind == "load":
                self.put(f"movq {start}(,%{names[0]},8),%{names[2]}")
                self.put(f"jmp *%{names[2]}")
            else:
                self.put(f"leaq {start}(%rip),%{names[1]}")
                self.put(f"jmp *(%{names[1]},%{names[0]},8)")
            entries = [f".quad {case}" for case in cases]
        self.program.put_constants(start, entries, relocated=kind != "distances")
        self.forget(index, base, to)
        before = self.state()
        after = []
        for case in cases:
            self.place(case)
            self.known, self.undefined, self.foreign = dict(before[0]), *before[1:]
            self.set(base, self.chance.randrange(1 << 40))
            self.set(to, self.chance.randrange(1 << 20))
            self.nested(self.chance.randint(1, 4))
            after.append(self.state())
            if case != cases[-1]:
                self.put(f"jmp {end}")
        self.place(end)
        self.merge(after)

    def computed(self):
        """A jump to a place in a register, with all registers and flags live."""
        if self.depth > 1:
            return
        register, label = self.target(), self.label(self.prefix)
        self.write_one_of("arithmetic")
        self.put(f"leaq {label}(%rip),%{NAMES[8][register]}")
        self.put(f"jmp *%{NAMES[8][register]}")
        self.lines.append("\tud2")
        self.place(label)
        self.set(register, self.chance.randrange(1 << 30))
        self.write_one_of("uses")

    def x87(self):
        count = self.chance.randint(1, 3)
        self.put("fnclex")  # what is left there is a thread's own
        for _ in range(count):
            self.write_one_of("x87")
        for _ in range(self.chance.randrange(5)):
            self.write_one_of(self.chance.choice(("x87_work", "x87_work", "moves", "arithmetic")))
        for _ in range(count):
            self.write_one_of("x87_end")

    def mmx(self):
        for register in range(8):
            self.put(f"movq asm_near+{8 * register}(%rip),%mm{register}")
        for _ in range(self.chance.randint(1, 6)):
            self.write_one_of(self.chance.choice(("mmx", "mmx", "moves", "arithmetic")))
        self.put("emms")

    def gather(self):
        """By places in a vector: from a table of them, so that they are in the buffer."""
        if "avx2" not in self.program.features:
            return
        base = self.target()
        self.set(base, self.buffer)
        start = self.label(self.prefix)
        places = [self.chance.randrange(BUFFER_SIZE - 8) for _ in range(16)]
        self.program.put_constants(start, [f".long {place}" for place in places])
        name = f"%{NAMES[8][base]}"
        index, mask, into = self.chance.sample(range(16), 3)
        if self.program.wide and self.maybe(0.5):
            k = self.chance.randint(1, 7)
            self.put(f"vmovdqu64 {start}(%rip),%zmm{index}")
            if self.maybe(0.5):
                self.put(f"vpgatherdd ({name},%zmm{index}),%zmm{into}{{%k{k}}}")
            else:
                self.put(f"vpscatterdd %zmm{into},({name},%zmm{index}){{%k{k}}}")
            return
        self.put(f"vmovdqu {start}(%rip),%ymm{index}")
        if self.maybe(0.5):
            self.put(f"vpcmpeqd %ymm{mask},%ymm{mask},%ymm{mask}")
        operation, size = self.chance.choice((("vpgatherdd", "y"), ("vgatherdps", "y"),
                                              ("vpgatherdq", "x"), ("vgatherdpd", "x")))
        self.put(f"{operation} %ymm{mask},({name},%{size}mm{index}),%ymm{into}")

    def flags_by_stack(self):
        self.put("pushfq")
        self.put(".cfi_adjust_cfa_offset 8")
        self.write_one_of("moves")
        self.put("andl $0x8d5,(%rsp)")
        if self.maybe(0.5):
            self.put(f"xorl ${self.chance.choice((1, 4, 0x40, 0x80, 0x800, 0x8d5)):#x},(%rsp)")
        self.put("popfq")
        self.put(".cfi_adjust_cfa_offset -8")
        self.write_one_of("moves")
        self.write_one_of("uses")
        if self.may_write(RAX) and self.maybe(0.5):
            self.put("sahf")

    def divide(self):
        if not self.may_write(RAX, RDX):
            return
        where = self.memory(8, keep=(RAX, RDX))
        suffix = self.chance.choice("lq")
        if "%ra" in where or "%rdx" in where:
            return
        self.put(f"mov{suffix} ${self.chance.randint(3, 1 << 30)},{where}")
        self.put("xorl %edx,%edx")
        self.put(f"{self.chance.choice(('div', 'mul', 'imul'))}{suffix} {where}")
        self.forget(RAX, RDX)

    def translate(self):
        if not self.may_write(RBX, RAX):
            return
        self.set(RBX, self.buffer + self.chance.randrange(BUFFER_SIZE - 256))
        self.put("xlat")
        self.forget(RAX)

    def masked_bytes(self):
        if not self.may_write(RDI):
            return
        self.set(RDI, self.buffer + self.chance.randrange(BUFFER_SIZE - 16))
        prefix = "v" if "avx" in self.program.features and self.maybe(0.5) else ""
        first, second = self.chance.sample(range(16), 2)
        self.put(f"{prefix}maskmovdqu %xmm{first},%xmm{second}")

    def framed(self):
        """Locals addressed from the stack pointer, and an index."""
        if self.depth > 2:
            return
        size = 8 * self.chance.randint(2, 20)
        self.put(f"leaq -{size}(%rsp),%rsp")
        self.put(f".cfi_adjust_cfa_offset {size}")
        index = self.target()
        self.set(index, self.chance.randrange(size // 8))
        name = f"(%rsp,%{NAMES[8][index]},8)"
        self.put(f"movq %{NAMES[8][self.readable()]},{name}")
        self.pinned.add(index)
        self.write_one_of("moves")
        self.pinned.discard(index)
        into = self.target()
        self.put(f"{self.chance.choice(('addq', 'adcq', 'xorq', 'movq'))} {name},%{NAMES[8][into]}")
        self.forget(into)
        self.put(f"leaq {size}(%rsp),%rsp")
        self.put(f".cfi_adjust_cfa_offset -{size}")

    def call(self):
        """Directly, with what the callee is known to leave alone live across."""
        helper = self.program.helper(self)
        if not helper or self.pinned & helper.writes or not helper.writes <= self.writable:
            return
        self.put(f"call {helper.name}")
        self.forget(*helper.writes)
        self.undefined, self.foreign = helper.undefined, FLAGS
        if self.maybe(0.5):
            self.write_one_of("uses")

    def call_indirectly(self):
        """By the rules: what these leave open is set behind it."""
        left = ALL - set(KEPT)
        if not self.may_write(*left) or self.prefix.startswith("h"):
            return
        self.put(f"call *asm_polite+{8 * self.chance.randrange(2)}(%rip)")
        self.forget(*left)
        for register in sorted(left - {RAX, RDX}):
            self.set(register, self.chance.randrange(1 << 40))
        self.put(f"cmpq ${self.number(4)},%{NAMES[8][RAX]}")

    def some(self, count):
        items, weights = zip(*self.items)
        for item in self.chance.choices(items, weights, k=count):
            item()


class Helper:
    """A function that its callers know: what it writes, which flags it leaves undefined."""

    def __init__(self, name, writes, undefined):
        self.name, self.writes, self.undefined = name, writes, undefined


class Program:
    def __init__(self, chance, there):
        self.chance, self.features = chance, set(there)
        level = chance.choice(("sse", "avx", "avx512"))
        if level == "sse":
            self.features -= {f for f in there if f.startswith(("avx", "fma", "f16c"))}
        elif level == "avx":
            self.features -= {f for f in there if f.startswith("avx512")}
        self.wide = {"avx512f", "avx512bw", "avx512vl"} <= self.features
        self.vector = "zmm" if self.wide else "ymm" if "avx" in self.features else "xmm"
        self.fixed = chance.random() < 0.5  # the address of the program
        self.buffer = chance.choice(BUFFERS if self.fixed else BUFFERS[:-1])
        self.helpers, self.text, self.data = [], [], []
        self.tables = {name: table(lines, self.features) for name, lines in {
            "arithmetic": ARITHMETIC, "moves": MOVES, "uses": USES_OF_FLAGS, "vectors": VECTORS,
            "x87": X87, "x87_work": X87_WORK, "x87_end": X87_END, "mmx": MMX}.items()}

    def put_constants(self, label, entries, relocated=False):
        section = ".data.rel.ro,\"aw\"" if relocated and not self.fixed else ".rodata,\"a\""
        self.data += [f"\t.section {section}", "\t.balign 8", label + ":",
                      *("\t" + entry for entry in entries)]

    def helper(self, body):
        """One that was written before, so that there is no circle."""
        return self.chance.choice(self.helpers) if self.helpers and body.prefix != "p" else None

    def put_function(self, name, lines):
        self.text += ["\t.balign 16", f"\t.globl {name}", f"\t.type {name},@function", name + ":",
                      "\t.cfi_startproc", *(["\tendbr64"] if self.chance.random() < 0.3 else []),
                      *lines, "\tret", "\t.cfi_endproc", f"\t.size {name},.-{name}"]

    def put_helper(self, number):
        writes = frozenset(self.chance.sample(sorted(ALL - set(KEPT)), self.chance.randint(5, 8)))
        body = Body(self.chance, self, f"h{number}", writes)
        body.depth, body.foreign = 1, FLAGS
        body.some(self.chance.randint(2, 8))
        self.put_function(body.prefix, body.lines)
        self.helpers.append(Helper(body.prefix, writes, body.undefined))

    def put_polite(self, number):
        """A function as compilers make them: it may be called by whoever knows nothing of it."""
        body = Body(self.chance, self, f"p{number}")
        saves(body)
        body.put("pushq %rax")  # the stack pointer as calls need it
        body.put(".cfi_adjust_cfa_offset 8")
        for register in KEPT:
            body.set(register, self.chance.randrange(1 << 40))
        body.put("cmpl %edi,%esi")
        body.depth = 1
        body.items = [(item, weight) for item, weight in body.items
                      if item not in (body.call, body.call_indirectly)]
        body.some(self.chance.randint(2, 8))
        body.put("leaq 8(%rsp),%rsp")
        body.put(".cfi_adjust_cfa_offset -8")
        restores(body)
        self.put_function(body.prefix, body.lines)

    def put_whole(self, number):
        body = Body(self.chance, self, f"f{number}")
        saves(body)
        for line in self.state_lines(True):
            body.put(line)
        body.some(self.chance.randint(4, 30))
        for line in self.state_lines(False):
            body.put(line)
        restores(body)
        self.put_function(body.prefix, body.lines)

    def state_lines(self, load):
        def move(operation, place, register):
            place = f"asm_state+{place}(%rip)"
            return f"{operation} {place},{register}" if load else f"{operation} {register},{place}"
        vector = {"zmm": "vmovdqu64", "ymm": "vmovdqu", "xmm": "movdqu"}[self.vector]
        vectors = [move(vector, VECTORS_AT + 64 * n, f"%{self.vector}{n}")
                   for n in range(32 if self.wide else 16)]
        if self.wide:
            vectors += [move("kmovq", MASKS_AT + 8 * n, f"%k{n}") for n in range(8)]
        registers = [move("movq", REGISTERS_AT + 8 * n, f"%{NAMES[8][n]}") for n in sorted(ALL)]
        flags = [f"pushq asm_state+{FLAGS_AT}(%rip)", ".cfi_adjust_cfa_offset 8", "popfq"]
        if not load:
            flags = ["pushfq", ".cfi_adjust_cfa_offset 8", f"popq asm_state+{FLAGS_AT}(%rip)"]
        flags.append(".cfi_adjust_cfa_offset -8")
        return vectors + flags + registers if load else registers + flags + vectors

    def lines(self, seed, count):
        for number in range(3):
            self.put_helper(number)
        for number in range(2):
            self.put_polite(number)
        for number in range(count):
            self.put_whole(number)
        numbers = {"asm_count": count, "asm_buffer": self.buffer, "asm_buffer_size": BUFFER_SIZE,
                   "asm_seed": seed}
        words = [f"\t.globl {name}\n{name}:\n\t.quad {number}" for name, number in numbers.items()]
        pointers = [f"\t.quad f{number}" for number in range(count)]
        return ["# SPDX-License-Identifier: Apache-2.0", "\t.text", *self.text, *self.data,
                "\t.section .data.rel.ro,\"aw\"", "\t.balign 8", *words,
                "\t.globl asm_functions", "asm_functions:", *pointers,
                "asm_polite:", "\t.quad p0,p1",
                "\t.section .note.GNU-stack,\"\",@progbits"]


def saves(body):
    for number, register in enumerate(KEPT):
        body.put(f"pushq %{NAMES[8][register]}")
        body.put(".cfi_adjust_cfa_offset 8")
        body.put(f".cfi_offset %{NAMES[8][register]},-{16 + 8 * number}")


def restores(body):
    for register in reversed(KEPT):
        body.put(f"popq %{NAMES[8][register]}")
        body.put(".cfi_adjust_cfa_offset -8")
        body.put(f".cfi_restore %{NAMES[8][register]}")


def write(seed, chance, path):
    """The program of SEED, in PATH. Returns what it is like, the linker's option, the buffer."""
    program = Program(chance, features())
    count = chance.randint(4, 24)
    path.write_text("\n".join(program.lines(seed, count)) + "\n", encoding="ascii")
    link = "-no-pie" if program.fixed else "-pie"
    configuration = f"{program.vector} {count} functions, buffer at {program.buffer:#x}, {link}"
    return configuration, link, range(program.buffer, program.buffer + BUFFER_SIZE)
