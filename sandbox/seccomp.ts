/** One allow-list of system calls, written as Docker's JSON and as a classic BPF program for bubblewrap. */
import { auditArch, type SeccompArch, systemCalls } from './seccomp-calls.ts'

// CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET} and CLONE_NEWTIME: clone makes threads and processes, never namespaces.
const NAMESPACE_FLAGS = 0x7e020080
const AF_UNIX = 1
const EPERM = 1
const ENOSYS = 38
const X32_BIT = 0x40000000

/** Calls whose first argument decides; all others in the table are allowed as they are. */
const guarded = new Set(['clone', 'clone3', 'socket', 'socketpair'])
const plainCalls = Object.keys(systemCalls).filter((name) => !guarded.has(name))

/** The profile as the OCI runtimes read it (`SecurityOpt: ['seccomp=' + JSON.stringify(…)]`). */
export function toOciProfile(): object {
  const whenUnix = [{ index: 0, value: AF_UNIX, valueTwo: 0, op: 'SCMP_CMP_EQ' }]
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
    ],
  }
}

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, constant: number]

// Opcodes of <linux/bpf_common.h>, actions of <linux/seccomp.h>, offsets in struct seccomp_data.
const LOAD = 0x20
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const IF_ANY_BIT = 0x45
const RETURN = 0x06
const OFFSET_CALL = 0
const OFFSET_ARCH = 4
const OFFSET_ARGUMENT_0 = 16 // low half of the first argument: both machines are little-endian

const allow: Instruction = [RETURN, 0, 0, 0x7fff0000]
const killProcess: Instruction = [RETURN, 0, 0, 0x80000000]
const refuse = (errno: number): Instruction => [RETURN, 0, 0, 0x00050000 | errno]

/** The same rules as `struct sock_filter[]`; what `bwrap --seccomp FD` reads. */
export function toBpf(arch: SeccompArch): Buffer {
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
  const whenUnix: Instruction[] = [[LOAD, 0, 0, OFFSET_ARGUMENT_0], [IF_EQUAL, 0, 1, AF_UNIX], allow, refuse(EPERM)]
  onCall('clone3', [refuse(ENOSYS)])
  onCall('clone', [[LOAD, 0, 0, OFFSET_ARGUMENT_0], [IF_ANY_BIT, 0, 1, NAMESPACE_FLAGS], refuse(EPERM), allow])
  onCall('socket', whenUnix)
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
