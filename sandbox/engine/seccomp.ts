/** Allow-lists of system calls, each written as Docker's JSON and as a classic BPF program for bubblewrap. */
import { auditArch, type SeccompArch, systemCalls } from './seccomp-calls.ts'

// CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET} and CLONE_NEWTIME: clone makes threads and processes, never namespaces.
const NAMESPACE_FLAGS = 0x7e020080
const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
// SOCK_NONBLOCK and SOCK_CLOEXEC ride on the type.
const SOCK_TYPE_MASK = 0xfff7f7ff
// 0 means TCP; neither MPTCP nor SCTP, which are streams too.
const STREAM_PROTOCOLS = [0, 6] as const
const EPERM = 1
const ENOSYS = 38
const X32_BIT = 0x40000000

/**
 * `closed`: no socket but AF_UNIX, for programs that are called through their own channel. `loopback`: TCP over IPv4 and
 * IPv6 too, for servers; the sandbox's own network namespace has nothing but `lo`, so that is as far as it goes.
 */
export type SeccompProfile = 'closed' | 'loopback'

/** Calls whose first argument decides; all others in the table are allowed as they are. */
const guarded = new Set(['clone', 'clone3', 'socket', 'socketpair'])
const plainCalls = Object.keys(systemCalls).filter((name) => !guarded.has(name))

/** The profile as the OCI runtimes read it (`SecurityOpt: ['seccomp=' + JSON.stringify(…)]`). */
export function toOciProfile(profile: SeccompProfile): object {
  const whenUnix = [{ index: 0, value: AF_UNIX, valueTwo: 0, op: 'SCMP_CMP_EQ' }]
  const stream = { index: 1, value: SOCK_TYPE_MASK, valueTwo: SOCK_STREAM, op: 'SCMP_CMP_MASKED_EQ' }
  const families = profile === 'loopback' ? [AF_INET, AF_INET6] : []
  const streams = families.flatMap((family) =>
    STREAM_PROTOCOLS.map((protocol) => [
      { index: 0, value: family, valueTwo: 0, op: 'SCMP_CMP_EQ' },
      stream,
      { index: 2, value: protocol, valueTwo: 0, op: 'SCMP_CMP_EQ' },
    ]),
  )
  const whenNoNamespace = [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }]
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
    syscalls: [
      { names: plainCalls, action: 'SCMP_ACT_ALLOW' },
      { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: whenNoNamespace },
      // clone3 hides its flags behind a pointer; "no such call" makes the C library fall back to clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      // No INET, NETLINK, PACKET, VSOCK or ALG: network namespaces do not separate vsock, and 20.10 lets it through.
      { names: ['socket', 'socketpair'], action: 'SCMP_ACT_ALLOW', args: whenUnix },
      ...streams.map((args) => ({ names: ['socket'], action: 'SCMP_ACT_ALLOW', args })),
    ],
  }
}

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, constant: number]

// Opcodes of <linux/bpf_common.h>, actions of <linux/seccomp.h>, offsets in struct seccomp_data.
const LOAD = 0x20
const AND = 0x54
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const IF_ANY_BIT = 0x45
const RETURN = 0x06
const OFFSET_CALL = 0
const OFFSET_ARCH = 4
// Low half of an argument: both machines are little-endian.
const offsetOfArgument = (index: number): number => 16 + 8 * index

const allow: Instruction = [RETURN, 0, 0, 0x7fff0000]
const killProcess: Instruction = [RETURN, 0, 0, 0x80000000]
const refuse = (errno: number): Instruction => [RETURN, 0, 0, 0x00050000 | errno]

/** The same rules as `struct sock_filter[]`; what `bwrap --seccomp FD` reads. */
export function toBpf(arch: SeccompArch, profile: SeccompProfile): Buffer {
  const numberOf = (name: string) => systemCalls[name]?.[arch === 'x64' ? 0 : 1] ?? null
  const program: Instruction[] = [
    [LOAD, 0, 0, OFFSET_ARCH],
    [IF_EQUAL, 1, 0, auditArch[arch]],
    killProcess,
    [LOAD, 0, 0, OFFSET_CALL],
  ]
  // The x32 table of x86_64 renumbers calls: a filter on numbers must shut it off as a whole.
  if (arch === 'x64') program.push([IF_AT_LEAST, 0, 1, X32_BIT], refuse(ENOSYS))
  /** `body` ends in a return on every path, so the accumulator still holds the call's number behind it. */
  const onCall = (name: string, body: readonly Instruction[]) => {
    const number = numberOf(name)
    if (number !== null) program.push([IF_EQUAL, 0, body.length, number], ...body)
  }
  const family: Instruction = [LOAD, 0, 0, offsetOfArgument(0)]
  const whenUnix: Instruction[] = [family, [IF_EQUAL, 0, 1, AF_UNIX], allow, refuse(EPERM)]
  const whenUnixOrStream: Instruction[] = [
    family,
    [IF_EQUAL, 0, 1, AF_UNIX],
    allow,
    [IF_EQUAL, 1, 0, AF_INET],
    [IF_EQUAL, 0, 6, AF_INET6],
    [LOAD, 0, 0, offsetOfArgument(1)],
    [AND, 0, 0, SOCK_TYPE_MASK],
    [IF_EQUAL, 0, 3, SOCK_STREAM],
    [LOAD, 0, 0, offsetOfArgument(2)],
    ...[[IF_EQUAL, 2, 0, STREAM_PROTOCOLS[0]] as const, [IF_EQUAL, 1, 0, STREAM_PROTOCOLS[1]] as const],
    refuse(EPERM),
    allow,
  ]
  onCall('clone3', [refuse(ENOSYS)])
  onCall('clone', [[LOAD, 0, 0, offsetOfArgument(0)], [IF_ANY_BIT, 0, 1, NAMESPACE_FLAGS], refuse(EPERM), allow])
  onCall('socket', profile === 'loopback' ? whenUnixOrStream : whenUnix)
  onCall('socketpair', whenUnix)
  for (const name of plainCalls) onCall(name, [allow])
  program.push(refuse(EPERM))
  return encode(program)
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8)
  for (const [index, [code, jumpTrue, jumpFalse, constant]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(jumpTrue, index * 8 + 2)
    bytes.writeUInt8(jumpFalse, index * 8 + 3)
    bytes.writeUInt32LE(constant, index * 8 + 4)
  }
  return bytes
}
