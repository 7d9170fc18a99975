# SPDX-License-Identifier: Apache-2.0
"""Registers and memory of a random assembly function as it is written.

The writer knows at each place which registers hold numbers that it knows itself: so it can name
memory by any of them, and knows that it stays within the buffer. What moves the code knows nothing
of that.
"""
from instructions import flags_changed, flags_read

NEAR = 1024
NAMES = {
    8: "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(),
    4: "eax ecx edx ebx esp ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d".split(),
    2: "ax cx dx bx sp bp si di r8w r9w r10w r11w r12w r13w r14w r15w".split(),
    1: "al cl dl bl spl bpl sil dil r8b r9b r10b r11b r12b r13b r14b r15b".split(),
}
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R11 = 0, 1, 2, 3, 4, 5, 6, 7, 11
ALL = frozenset(range(16)) - {RSP}
WORD = 1 << 64


def signed(number):
    """As a displacement, or None if it is too far."""
    number %= WORD
    number -= WORD if number >> 63 else 0
    return number if -(1 << 31) <= number < 1 << 31 else None


class Writer:
    """The lines of one function, and what is known at their end."""

    def __init__(self, chance, buffer, size, writable=ALL):
        self.chance, self.buffer, self.size = chance, buffer, size
        self.lines = []
        self.known = {}
        self.undefined = frozenset()  # flags
        self.foreign = frozenset()  # flags that another function may have left
        self.writable = writable
        self.pinned = set()  # may not be written for now
        self.labels = 0

    def put(self, line):
        """What it reads of the flags is made sure to be defined: else any would do. At a jump that
        an operand names, they are the function's own: liveness.h says why."""
        if line[0] != ".":
            if flags_read(line) & self.undefined or (line.startswith("jmp *") and self.foreign):
                self.undefined = self.foreign = frozenset()
                self.lines.append(f"\tcmpq ${self.chance.randint(-128, 127)},"
                                  f"%{NAMES[8][self.readable()]}")
            defined, undefined = flags_changed(line)
            self.undefined = self.undefined - defined | undefined
            self.foreign -= defined
        self.lines.append("\t" + line)

    def label(self, prefix):
        self.labels += 1
        return f".L{prefix}_{self.labels}"

    def place(self, label):
        self.lines.append(label + ":")

    def maybe(self, likelihood):
        return self.chance.random() < likelihood

    # Registers.

    def readable(self):
        return self.chance.choice(sorted(ALL))

    def target(self, but=()):
        """One that may be written; what it held is not known any more."""
        return self.chance.choice(sorted(self.writable - self.pinned - set(but)))

    def may_write(self, *registers):
        return self.writable - self.pinned >= set(registers)

    def forget(self, *registers):
        for register in registers:
            self.known.pop(register, None)

    def set(self, register, number):
        """No flag changes."""
        number %= WORD
        self.put(f"movabs ${number:#x},%{NAMES[8][register]}" if number >> 31 or self.maybe(0.1)
                 else f"movl ${number:#x},%{NAMES[4][register]}")
        self.known[register] = number

    # Memory.

    def offset(self, size, aligned):
        """Of SIZE bytes in the buffer."""
        last = self.size - size
        kind = self.chance.random()
        if kind < 0.15:
            at = self.chance.choice((0, 1, 3, 4, last, last - 1, last - 4))
        elif kind < 0.35:  # across something, or just not
            step = self.chance.choice((4, 8, 64, 4096))
            at = self.chance.randrange(step, self.size, step) - self.chance.randint(0, size)
        elif kind < 0.6:  # where others are as well
            at = self.chance.randrange(0, 96)
        else:
            at = self.chance.randrange(0, last)
        at = min(max(at, 0), last)
        return at - at % size if aligned or self.maybe(0.4) else at

    def named(self, address):
        """Ways to name ADDRESS by registers that are known already."""
        for base, number in self.known.items():
            away = signed(address - number)
            if away is not None:
                yield f"{away or ''}(%{NAMES[8][base]})"
        known = sorted(self.known)
        for _ in range(6):
            if not known:
                return
            base, index = self.chance.choice([*known, None]), self.chance.choice(known)
            scale = self.chance.choice((1, 2, 4, 8))
            away = signed(address - self.known.get(base, 0) - self.known[index] * scale)
            if away is not None:
                base = "" if base is None else f"%{NAMES[8][base]}"
                yield f"{away or ''}({base},%{NAMES[8][index]},{scale})"
        if signed(address) is not None:
            yield f"{address:#x}"

    def bring_near(self, address, keep):
        """Makes registers known by which ADDRESS can be named, and returns its name."""
        free = sorted(self.writable - self.pinned - set(keep))
        base, index = self.chance.sample(free, 2)
        if self.maybe(0.5):
            away = self.chance.randint(-200, 200)
            self.set(base, address - away)
            return f"{away or ''}(%{NAMES[8][base]})"
        scale = self.chance.choice((1, 2, 4, 8))
        number = self.chance.choice((0, 1, 5, 0x1000, 0x7fffffff, self.chance.randrange(WORD)))
        away = self.chance.choice((0, 0, 8, -40, 127, 128, -128, -129, 70000))
        self.set(index, number)
        self.set(base, address - number * scale - away)
        return f"{away or ''}(%{NAMES[8][base]},%{NAMES[8][index]},{scale})"

    def memory(self, size, aligned=False, keep=(), rip=True):
        """The name of SIZE bytes, once what it needs is written; KEEP: registers in use."""
        if rip and self.maybe(0.15):
            at = self.chance.randrange(0, NEAR - size)
            return f"asm_near+{at - at % size if aligned else at}(%rip)"
        address = self.buffer + self.offset(size, aligned)
        return self.name(address, keep)

    def name(self, address, keep=()):
        ways = list(self.named(address))
        if not ways or self.maybe(0.3):
            return self.bring_near(address, keep)
        return self.chance.choice(ways)

    def locked(self, size):
        """Mostly aligned, and never across a line of the cache, which takes forever."""
        if self.maybe(0.7):
            return self.memory(size, aligned=True)
        at = self.chance.randrange(0, self.size, 64) + self.chance.randint(0, 64 - size)
        return self.name(self.buffer + at)
