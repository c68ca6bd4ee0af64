/** The filter against its own table: every number is decided as the rules say, on both machines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toBpf, toOciProfile } from '../../../sandbox/engine/seccomp.ts'
import { auditArch, type SeccompArch, systemCalls } from '../../../sandbox/engine/seccomp-calls.ts'

const ALLOW = 0x7fff0000
const KILL = 0x80000000
const errno = (number: number) => 0x00050000 + number
const arches = Object.keys(auditArch) as SeccompArch[]

/** A classic BPF machine, as small as our programs need it. */
function decide(program: Buffer, data: { call: number; arch: number; arguments: readonly number[] }): number {
  const words = new Map([
    [0, data.call],
    [4, data.arch],
    ...data.arguments.map((word, at) => [16 + 8 * at, word] as const),
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
    else if (code === 0x54) accumulator = (accumulator & constant) >>> 0
    else if (code === 0x06) return constant
    else assert.fail(`instruction ${code}`)
  }
  return assert.fail('the program ended without a decision')
}

test('a call is allowed exactly when the table has it, and guarded calls by their first argument', () => {
  for (const arch of arches) {
    const program = toBpf(arch, 'closed')
    assert.ok(program.length / 8 < 4096, 'the kernel takes 4096 instructions')
    const column = arch === 'x64' ? 0 : 1
    const names = new Map(Object.entries(systemCalls).map(([name, numbers]) => [numbers[column], name]))
    fc.assert(
      fc.property(fc.nat(600), fc.integer({ min: 0, max: 0xffffffff }), (call, argument0) => {
        const decision = decide(program, { call, arch: auditArch[arch], arguments: [argument0, 1, 0] })
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
    assert.equal(decide(program, { call: socket, arch: auditArch[arch], arguments: [1, 1, 0] }), ALLOW)
    assert.equal(decide(program, { call: socket, arch: auditArch[arch], arguments: [2, 1, 0] }), errno(1))
  }
})

test('the loopback filter is the closed one but for TCP sockets', () => {
  const anyWord = fc.integer({ min: 0, max: 0xffffffff })
  for (const arch of arches) {
    const programs = { closed: toBpf(arch, 'closed'), loopback: toBpf(arch, 'loopback') }
    const socket = systemCalls['socket']?.[arch === 'x64' ? 0 : 1] ?? assert.fail()
    const both = (call: number, words: readonly number[]) => {
      const data = { call, arch: auditArch[arch], arguments: words }
      return [decide(programs.loopback, data), decide(programs.closed, data)]
    }
    fc.assert(
      fc.property(fc.nat(600), anyWord, anyWord, anyWord, (call, ...words) => {
        const [loopback, closed] = both(call, words)
        return call === socket || loopback === closed
      }),
    )
    // Families, types and protocols around those that matter, with and without the flags that ride on the type.
    const flags = fc.constantFrom(0, 0x800, 0x80000, 0x80800, 0x100)
    fc.assert(
      fc.property(
        fc.nat(45),
        fc.nat(7),
        flags,
        fc.constantFrom(0, 1, 6, 17, 132, 262, 0x106),
        (family, type, flag, ip) => {
          const isStream = (family === 2 || family === 10) && type === 1 && flag !== 0x100 && (ip === 0 || ip === 6)
          return both(socket, [family, type | flag, ip])[0] === (isStream || family === 1 ? ALLOW : errno(1))
        },
      ),
      { numRuns: 3_000 },
    )
  }
})

test('a program of another machine is killed, and the renumbered x32 calls do not exist', () => {
  for (const profile of ['closed', 'loopback'] as const) {
    const program = toBpf('x64', profile)
    assert.equal(decide(program, { call: 0, arch: auditArch.arm64, arguments: [0] }), KILL)
    assert.equal(decide(program, { call: 0x40000000, arch: auditArch.x64, arguments: [0] }), errno(38))
  }
})

test('what reaches into the kernel, other processes or other networks is in neither form', () => {
  const json = JSON.stringify([toOciProfile('closed'), toOciProfile('loopback')])
  for (const name of ['ptrace', 'process_vm_readv', 'io_uring_setup', 'unshare', 'mount', 'setns', 'bpf', 'keyctl']) {
    assert.equal(systemCalls[name], undefined, name)
    assert.ok(!json.includes(`"${name}"`), name)
  }
  for (const name of [
    'shmget',
    'shmat',
    'semget',
    'semop',
    'msgget',
    'userfaultfd',
    'vmsplice',
    'perf_event_open',
    'fadvise64',
  ]) {
    assert.equal(systemCalls[name], undefined, name)
  }
})
