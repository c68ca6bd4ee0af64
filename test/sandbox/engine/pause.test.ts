/** Promises about stopping a container: nobody is timed beside one that goes on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Docker from 'dockerode'
import { pauseContainer } from '../../../sandbox/engine/docker/pause.ts'

/** A container whose engine fails to stop it so many times. */
const createContainer = (o: { failures: number; state: { Running: boolean; Paused: boolean } }) => {
  let asked = 0
  const container = {
    pause: async () => {
      asked += 1
      if (asked <= o.failures) throw new Error('unable to freeze')
    },
    inspect: async () => ({ State: o.state }),
  } as unknown as Pick<Docker.Container, 'pause' | 'inspect'>
  return { container, asked: () => asked }
}

const running = { Running: true, Paused: false }

test('an engine that could not stop a container is told again until it can', async () => {
  const { container, asked } = createContainer({ failures: 2, state: running })
  assert.equal(await pauseContainer(container, 5_000), true)
  assert.equal(asked(), 3)
})

test('a container that goes on for too long is not said to be stopped', async () => {
  const { container, asked } = createContainer({ failures: Number.POSITIVE_INFINITY, state: running })
  // Long enough to be told again, also where the machine stood still in between.
  assert.equal(await pauseContainer(container, 1_000), false)
  assert.ok(asked() > 1)
})

test('a container that has ended or is stopped already needs no second word', async () => {
  for (const state of [
    { Running: false, Paused: false },
    { Running: true, Paused: true },
  ]) {
    const { container, asked } = createContainer({ failures: Number.POSITIVE_INFINITY, state })
    assert.equal(await pauseContainer(container, 5_000), true)
    assert.equal(asked(), 1)
  }
})
