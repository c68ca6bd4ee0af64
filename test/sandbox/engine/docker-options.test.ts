/** From a program to be run to the request that an engine gets, for each dialect. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DockerDialect, dialects } from '../../../sandbox/engine/docker/dialect.ts'
import { type DockerContext, toDockerOptions } from '../../../sandbox/engine/policy.ts'
import { basePolicy } from '../../../sandbox/index.ts'

const spec = { name: 'one', argv: ['/usr/bin/true', '-x'], mounts: [], env: { A: '1' }, policy: basePolicy }
const toOptions = (dialect: DockerDialect, more: Partial<DockerContext> = {}, gpus?: number) =>
  toDockerOptions({
    spec: gpus === undefined ? spec : { ...spec, gpus },
    image: 'sha256:1',
    labels: { mine: 'yes' },
    context: {
      facts: { dialect, cpuCount: 2, cgroupVersion: 2 },
      ...{ runtime: undefined, cores: undefined, gpus: ['GPU-a', 'GPU-b'], seccomp: { closed: 'c', loopback: 'l' } },
      ...more,
    },
  })

test('every dialect gets the same walls', () => {
  for (const dialect of Object.values(dialects)) {
    const { HostConfig: host, User, NetworkDisabled, Image } = toOptions(dialect)
    assert.deepEqual([User, NetworkDisabled, Image], ['64000:64000', true, 'sha256:1'])
    assert.deepEqual([host.NetworkMode, host.ReadonlyRootfs, host.CapDrop, host.Init], ['none', true, ['ALL'], false])
    assert.deepEqual(host.SecurityOpt, ['no-new-privileges:true', 'seccomp=c'])
    assert.equal(host.MemorySwap, host.Memory)
    assert.equal('Mounts' in host || 'Binds' in host || 'DeviceRequests' in host, false)
  }
})

test('Docker bounds the files of scratch space; Podman cannot, has more of it to hide, and its own limits to replace', () => {
  const [docker, podman] = [toOptions(dialects.docker).HostConfig, toOptions(dialects.podman).HostConfig]
  assert.match(docker.Tmpfs['/tmp'] ?? '', /nr_inodes=65536/)
  assert.deepEqual(Object.keys(docker.Tmpfs), ['/tmp'])
  assert.doesNotMatch(podman.Tmpfs['/tmp'] ?? '', /nr_inodes/)
  assert.match(podman.Tmpfs['/run'] ?? '', /^ro,/)
  assert.match(podman.Tmpfs['/var/tmp'] ?? '', /^ro,/)
  const names = ({ Ulimits }: typeof docker) => Ulimits.map(({ Name }) => Name)
  assert.deepEqual(names(docker), ['core', 'nofile', 'fsize'])
  assert.deepEqual(names(podman), ['core', 'nofile', 'fsize', 'nproc'])
})

test('cores, a runtime and as many GPUs as are asked for are named, and nothing of them otherwise', () => {
  const plain = toOptions(dialects.docker)
  assert.equal('CpusetCpus' in plain.HostConfig || 'Runtime' in plain.HostConfig, false)
  assert.deepEqual([plain.Entrypoint[0], plain.Cmd], ['/usr/bin/timeout', ['/usr/bin/true', '-x']])
  const options = toOptions(dialects.docker, { cores: '2-3', runtime: 'runsc' }, 1)
  const host = options.HostConfig as typeof options.HostConfig & Record<string, unknown>
  assert.deepEqual([host['CpusetCpus'], host['Runtime'], options.Entrypoint], ['2-3', 'runsc', []])
  assert.deepEqual(host['DeviceRequests'], [
    { Driver: 'nvidia', DeviceIDs: ['GPU-a'], Capabilities: [['gpu', 'compute', 'utility']] },
  ])
})
