/** The filter against its own table: every number is decided as the rules say, on both machines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toBpf, toOciProfile } from '../../sandbox/seccomp.ts'
import { auditArch, type SeccompArch, systemCalls } from '../../sandbox/seccomp-calls.ts'

const ALLOW = 0x7fff0000
const KILL = 0x80000000
const errno = (number: number) => 0x00050000 + number
const arches = Object.keys(auditArch) as SeccompArch[]

/** A classic BPF machine, as small as our programs need it. */
function decide(program: Buffer, data: { call: number; arch: number; argument0: number }): number {
  const words = new Map([
    [0, data.call],
    [4, data.arch],
    [16, data.argument0],
  ])
  let accumulator = 0
  for (let at = 0; at * 8 < program.length; at += 1) {
    const code = program.readUInt16LE(at * 8)
    const [jumpTrue, jumpFalse] = [program.readUInt8(at * 8 + 2), program.readUInt8(at * 8 + 3)]
    const constant = program.readUInt32LE(at * 8 + 4)
    const jump = (isTrue: boolean) => {
      at += isTrue ? jumpTrue : jumpFalse
    }
    if (code === 0x20) accumulator = words.get(constant) ?? assert.fail(`load of ${constant}`)
    else if (code === 0x15) jump(accumulator === constant)
    else if (code === 0x35) jump(accumulator >= constant)
    else if (code === 0x45) jump((accumulator & constant) >>> 0 !== 0)
    else if (code === 0x06) return constant
    else assert.fail(`instruction ${code}`)
  }
  return assert.fail('the program ended without a decision')
}

test('a call is allowed exactly when the table has it, and guarded calls by their first argument', () => {
  for (const arch of arches) {
    const program = toBpf(arch)
    assert.ok(program.length / 8 < 4096, 'the kernel takes 4096 instructions')
    const column = arch === 'x64' ? 0 : 1
    const names = new Map(Object.entries(systemCalls).map(([name, numbers]) => [numbers[column], name]))
    fc.assert(
      fc.property(fc.nat(600), fc.integer({ min: 0, max: 0xffffffff }), (call, argument0) => {
        const decision = decide(program, { call, arch: auditArch[arch], argument0 })
        const name = names.get(call)
        if (name === undefined) return decision === errno(1)
        if (name === 'clone3') return decision === errno(38)
        if (name === 'clone') return decision === ((argument0 & 0x7e020080) === 0 ? ALLOW : errno(1))
        if (name === 'socket' || name === 'socketpair') return decision === (argument0 === 1 ? ALLOW : errno(1))
        return decision === ALLOW
      }),
      { numRuns: 3_000 },
    )
    const socket = systemCalls['socket']?.[column] ?? assert.fail()
    assert.equal(decide(program, { call: socket, arch: auditArch[arch], argument0: 1 }), ALLOW)
    assert.equal(decide(program, { call: socket, arch: auditArch[arch], argument0: 2 }), errno(1))
  }
})

test('a program of another machine is killed, and the renumbered x32 calls do not exist', () => {
  const program = toBpf('x64')
  assert.equal(decide(program, { call: 0, arch: auditArch.arm64, argument0: 0 }), KILL)
  assert.equal(decide(program, { call: 0x40000000, arch: auditArch.x64, argument0: 0 }), errno(38))
})

test('what reaches into the kernel, other processes or other networks is in neither form', () => {
  const json = JSON.stringify(toOciProfile())
  for (const name of ['ptrace', 'process_vm_readv', 'io_uring_setup', 'unshare', 'mount', 'setns', 'bpf', 'keyctl']) {
    assert.equal(systemCalls[name], undefined, name)
    assert.ok(!json.includes(`"${name}"`), name)
  }
  for (const name of ['shmget', 'shmat', 'semget', 'semop', 'msgget', 'userfaultfd', 'vmsplice', 'perf_event_open']) {
    assert.equal(systemCalls[name], undefined, name)
  }
})
