/** Promises of the queue before the machine: whose turn it is, whoever floods it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createQueue } from '../../../node/machine/queue.ts'

const member = (sender: string) => ({ sender, sizeBytes: 1, isMember: true })
const stranger = (sender: string) => ({ sender, sizeBytes: 1, isMember: false })

test('however many strangers wait, eight turns of nine are those of members, one of each in turn', () => {
  const queue = createQueue<string>()
  for (let one = 0; one < 400; one++) for (const at of [1, 2]) queue.push(`stranger ${one} ${at}`, stranger(`${one}`))
  for (let at = 1; at <= 4; at++)
    for (const name of ['anna', 'bela', 'cora', 'dino']) queue.push(`${name} ${at}`, member(name))
  const taken = Array.from({ length: 18 }, () => queue.next() ?? '')
  const named = (at: number) => ['anna', 'bela', 'cora', 'dino'].map((name) => `${name} ${at}`)
  assert.deepEqual(taken, [
    ...[...named(1), ...named(2), 'stranger 0 1'],
    ...[...named(3), ...named(4), 'stranger 1 1'],
  ])
  assert.equal(queue.next(), 'stranger 2 1')
})

test('strangers are heard at once while no member waits, and members while no stranger does', () => {
  const queue = createQueue<number>()
  for (let at = 0; at < 3; at++) queue.push(at, stranger('a'))
  assert.deepEqual([queue.next(), queue.next(), queue.next(), queue.next()], [0, 1, 2, undefined])
  for (let at = 0; at < 20; at++) queue.push(at, member('a'))
  assert.deepEqual(
    Array.from({ length: 20 }, () => queue.next()),
    Array.from({ length: 20 }, (_, at) => at),
  )
  assert.ok(queue.isEmpty())
})
