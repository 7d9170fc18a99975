# SPDX-License-Identifier: Apache-2.0
# Linked with -pie. Signals between the beginning and the end of an atomic instruction, the handler
# of which has atomic instructions of its own: it must not end the one that it interrupts.
	.text
	.globl f0
	.type f0,@function
f0:	.cfi_startproc
	movl $7,%eax
	movl $6000,%ecx
	movabs $0x200000000,%rdx
1:	lock addq %rcx,(%rdx)
	lock xaddl %eax,8(%rdx)
	xchgb %al,17(%rdx)
	lock cmpxchgq %rcx,24(%rdx)
	decl %ecx
	jnz 1b
	ret
	.cfi_endproc
	.size f0,.-f0

	.section .data.rel.ro,"aw"
	.balign 8
	.globl asm_count,asm_buffer,asm_buffer_size,asm_seed,asm_functions
asm_count:
	.quad 1
asm_buffer:
	.quad 0x200000000
asm_buffer_size:
	.quad 4096
asm_seed:
	.quad 1
asm_functions:
	.quad f0
	.section .note.GNU-stack,"",@progbits
