/** Tests of key files: made once, read by wallets, shown to nobody. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  createHotkey,
  createValidatorKeys,
  KeyError,
  loadHotkey,
  loadValidatorKeys,
  type ValidatorKeys,
} from '../../../node/home/keys.ts'
import { bytesToHex, encodeSs58, verifySignature } from '../../../protocol/index.ts'

const inHome = async (run: (home: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'evalmesh-keys-'))
  await run(join(directory, 'home')).finally(() => rm(directory, { recursive: true }))
}

const rejectsCode = (code: KeyError['code'], promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof KeyError && error.code === code)

const publicParts = (keys: ValidatorKeys) => [
  keys.hotkey.publicKey,
  keys.session.publicKey,
  keys.sealing.publicKey,
  bytesToHex(keys.peerSeed),
]

/** The development account "Alice" that every Substrate tool knows. */
const ALICE = {
  secretSeed: '0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a',
  publicKey: '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d',
  ss58Address: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
}

const hotkeyPath = (home: string) => join(home, 'hotkey.json')

/** A hotkey file as a wallet might have written it, in place of any other. */
const plant = async (home: string, content: string): Promise<void> => {
  await mkdir(home, { recursive: true })
  await writeFile(hotkeyPath(home), content, { mode: 0o600 })
}

test('a validator finds the keys again that it made', () =>
  inHome(async (home) => {
    const made = await createValidatorKeys(home)
    assert.deepEqual(publicParts(await loadValidatorKeys(home)), publicParts(made))
    assert.equal(new Set(publicParts(made)).size, 4)
  }))

test('only the owner can open the directory and the files, and nothing is left beside them', () =>
  inHome(async (home) => {
    await createValidatorKeys(home)
    assert.equal((await stat(home)).mode & 0o777, 0o700)
    const names = await readdir(home)
    assert.deepEqual(names.toSorted(), ['hotkey.json', 'peer.json', 'sealing.json', 'session.json'])
    for (const name of names) assert.equal((await stat(join(home, name))).mode & 0o777, 0o600, name)
  }))

test('a key is never overwritten, however many try at once', () =>
  inHome(async (home) => {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => createHotkey(home)))
    const made = tries.filter((one) => one.status === 'fulfilled')
    assert.equal(made.length, 1)
    for (const one of tries) if (one.status === 'rejected') assert.equal((one.reason as KeyError).code, 'KEY_EXISTS')
    assert.equal((await loadHotkey(home)).publicKey, made[0]?.value.publicKey)
    await rejectsCode('KEY_EXISTS', createHotkey(home))
    assert.equal((await loadHotkey(home)).publicKey, made[0]?.value.publicKey)
    assert.deepEqual(await readdir(home), ['hotkey.json'])
  }))

test('a miner that becomes a validator keeps its hotkey', () =>
  inHome(async (home) => {
    const { publicKey } = await createHotkey(home)
    assert.equal((await createValidatorKeys(home)).hotkey.publicKey, publicKey)
    await rejectsCode('KEY_EXISTS', createValidatorKeys(home))
  }))

test('the plain hotkey file of a wallet is read, and ours has what a wallet reads', () =>
  inHome(async (home) => {
    await plant(home, JSON.stringify({ ...ALICE, accountId: ALICE.publicKey, secretPhrase: null }))
    assert.equal(`0x${(await loadHotkey(home)).publicKey}`, ALICE.publicKey)
    const { ss58Address, ...old } = ALICE
    await plant(home, JSON.stringify({ ...old, ' ss58Address': ss58Address }))
    assert.equal(`0x${(await loadHotkey(home)).publicKey}`, ALICE.publicKey)
    await rm(hotkeyPath(home))
    const { publicKey } = await createHotkey(home)
    const written = JSON.parse(await readFile(hotkeyPath(home), 'utf8'))
    assert.match(written.secretSeed, /^0x[0-9a-f]{64}$/)
    assert.equal(written.publicKey, `0x${publicKey}`)
    assert.equal(written.accountId, `0x${publicKey}`)
    assert.equal(written.ss58Address, encodeSs58(publicKey))
  }))

test('a file that is missing, open to others or damaged is refused by its name', () =>
  inHome(async (home) => {
    await rejectsCode('KEY_MISSING', loadHotkey(home))
    const other = encodeSs58('00'.repeat(32))
    const damaged = [
      '',
      'null',
      '[]',
      '{}',
      '{"secretSeed":"0x00"}',
      '{"secretSeed":7}',
      JSON.stringify({ ...ALICE, ss58Address: other }),
      JSON.stringify({ ...ALICE, ' ss58Address': other }),
      JSON.stringify({ ...ALICE, publicKey: `0x${'00'.repeat(32)}` }),
    ]
    for (const content of damaged) {
      await plant(home, content)
      await rejectsCode('KEY_MALFORMED', loadHotkey(home))
    }
    await plant(home, JSON.stringify(ALICE))
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(hotkeyPath(home), mode)
      await rejectsCode('KEY_OPEN', loadHotkey(home))
    }
    await assert.rejects(loadHotkey(home), (error: Error) => error.message.includes(hotkeyPath(home)))
  }))

test('an encrypted hotkey is refused with the command that writes it plainly, whatever encrypted it', () =>
  inHome(async (home) => {
    for (const content of [
      '$NACL\u0001\u0002',
      '$ANSIBLE_VAULT;1.1;AES256\n3132',
      'gAAAAABl',
      '{"encoded":"AQ==","encoding":{}}',
    ]) {
      await plant(home, content)
      await assert.rejects(loadHotkey(home), { code: 'KEY_ENCRYPTED', message: /btcli wallet regen-hotkey/ })
    }
  }))

test('a wallet’s file without its seed is read by the secret that it holds, in either form', () =>
  inHome(async (home) => {
    const { publicKey, ss58Address } = ALICE
    // As Bittensor's wallets keep it, and as Polkadot's tools do.
    const secrets = [
      '0x33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011',
      '0x98319d4ff8a9508c4bb0cf0b5a78d760a0b2082c02775e6e82370816fedfff48925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011',
    ]
    for (const privateKey of secrets) {
      await plant(home, JSON.stringify({ publicKey, ss58Address, privateKey, secretPhrase: 'bottom drive' }))
      const hotkey = await loadHotkey(home)
      const message = new TextEncoder().encode('evalmesh')
      const signature = bytesToHex(hotkey.sign(message))
      assert.ok(verifySignature({ scheme: 'sr25519', publicKey: publicKey.slice(2), message, signature }))
    }
    const wrong = { publicKey: `0x${'11'.repeat(32)}`, privateKey: secrets[0] }
    await plant(home, JSON.stringify(wrong))
    await rejectsCode('KEY_MALFORMED', loadHotkey(home))
    await plant(home, JSON.stringify({ publicKey, secretPhrase: 'bottom drive obey' }))
    await assert.rejects(loadHotkey(home), { code: 'KEY_MALFORMED', message: /a mnemonic only: btcli/ })
    await plant(home, `${ALICE.secretSeed}\n`)
    assert.equal(`0x${(await loadHotkey(home)).publicKey}`, publicKey)
  }))

test('an ed25519 hotkey says so in its file, signs as such, and another kind is refused', () =>
  inHome(async (home) => {
    const made = await createHotkey(home, 'ed25519')
    const hotkey = await loadHotkey(home)
    assert.deepEqual([hotkey.scheme, hotkey.publicKey], ['ed25519', made.publicKey])
    const content = JSON.parse(await readFile(hotkeyPath(home), 'utf8'))
    assert.equal(content.cryptoType, 0)
    const message = new TextEncoder().encode('evalmesh')
    const signature = bytesToHex(hotkey.sign(message))
    assert.ok(verifySignature({ scheme: 'ed25519', publicKey: hotkey.publicKey, message, signature }))
    await plant(home, JSON.stringify({ ...content, cryptoType: 2 }))
    await rejectsCode('KEY_MALFORMED', loadHotkey(home))
    await plant(home, JSON.stringify({ ...ALICE, cryptoType: 1 }))
    assert.equal((await loadHotkey(home)).scheme, 'sr25519')
  }))

test('no way of printing keys shows a secret', () =>
  inHome(async (home) => {
    const keys = await createValidatorKeys(home)
    const shown = [keys, keys.hotkey, keys.session, { nested: { keys } }].flatMap((value) => [
      JSON.stringify(value),
      inspect(value, { depth: 9, showHidden: true }),
      `${value}`,
    ])
    for (const name of await readdir(home)) {
      const { secretSeed } = JSON.parse(await readFile(join(home, name), 'utf8'))
      const secret = secretSeed.slice(2)
      // A byte array is printed as an object by JSON, as a list or in hex by inspect.
      const first = Uint8Array.from(Buffer.from(secret, 'hex')).subarray(0, 8)
      const forms = [secret, JSON.stringify(first).slice(1, -1), [...first].join(','), secret.slice(0, 16)]
      for (const text of shown) {
        const dense = text.replaceAll(/\s/g, '')
        for (const form of forms) assert.ok(!dense.includes(form), `${name} in ${text}`)
      }
    }
    assert.match(shown[0] ?? '', new RegExp(keys.hotkey.publicKey))
  }))

test('both keys of a validator sign what the protocol verifies', () =>
  inHome(async (home) => {
    const { hotkey, session } = await createValidatorKeys(home)
    const message = Uint8Array.of(1, 2, 3)
    const claim = { publicKey: hotkey.publicKey, message, signature: bytesToHex(hotkey.sign(message)) }
    assert.ok(verifySignature({ scheme: 'sr25519', ...claim }))
    const bySession = { publicKey: session.publicKey, message, signature: bytesToHex(session.sign(message)) }
    assert.ok(verifySignature({ scheme: 'ed25519', ...bySession }))
  }))
