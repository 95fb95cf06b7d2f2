// A record of own keys that was swapped, altered or taken away keeps an account from opening: a repair says so, and opens it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import { KeyRing } from '../pubkey/keys.ts'
import { copyOf, putBack, type AccountCopy } from './copies.ts'
import { alice, deliverTo, mail, makeSite, password, readAll, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const owner = () => ({ kind: 'password' as const, password: password() })

interface Harm {
  readonly name: string
  readonly change: (older: AccountCopy) => (key: string, value: Uint8Array) => Uint8Array | undefined
  /** Whether the owner's keys are still there afterwards. */
  readonly isKept: boolean
}

const flipped = (value: Uint8Array): Buffer => {
  const bytes = Buffer.from(value)
  bytes[60] = (bytes[60] ?? 0) ^ 1
  return bytes
}

const recordOf = ({ entries }: AccountCopy): Uint8Array | undefined =>
  entries.find(([key]) => Buffer.from(key).toString() === 'kp')?.[1]

const harms: readonly Harm[] = [
  { name: 'taken away', change: () => (key, value) => (key === 'kp' ? undefined : value), isKept: false },
  { name: 'altered', change: () => (key, value) => (key === 'kp' ? flipped(value) : value), isKept: false },
  {
    name: 'put back as it was before',
    change: (older) => (key, value) => (key === 'kp' ? recordOf(older) : value),
    isKept: false,
  },
  {
    name: 'sound, and all that knew of it is lost',
    change: () => (key, value) => (/^[nLch]/.test(key) ? undefined : value),
    isKept: true,
  },
  {
    name: 'put back as it was before, and all that knew of it is lost',
    change: (older) => (key, value) =>
      /^[nLch]/.test(key) ? undefined : key === 'kp' ? recordOf(older) : value,
    isKept: false,
  },
]

describe('repairing an account with own keys', () => {
  const ring = new KeyRing()
  let keys: readonly Buffer[] = []
  before(() => {
    keys = [ring.makeGpg('curve25519', 'first'), ring.makeGpg('curve25519', 'second')]
  })
  after(() => ring.close())

  async function lived(): Promise<{ site: TestSite; older: AccountCopy; present: AccountCopy }> {
    const site = await makeSite()
    site.clock.time = Date.now()
    await (await alice(site)).close()
    const { accountId } = await site.accounts.info(address)
    const copies: AccountCopy[] = []
    for (const key of keys) {
      await site.accounts.publicKeys.addPublicKeys(address, owner(), key)
      copies.push(await copyOf(site.store, accountId))
    }
    const [older, present] = copies
    assert.ok(older && present)
    return { site, older, present }
  }

  it('leaves a sound record alone', async () => {
    const { site } = await lived()
    const report = await site.accounts.repairs.repair(address, owner(), { isDryRun: false })
    assert.deepEqual([report.repaired, report.lost, report.findings], [[], [], []])
    assert.equal((await site.accounts.publicKeys.publicKeys(address)).keys.length, 2)
    await site.accounts.close()
  })

  for (const { name, change, isKept } of harms)
    it(`whose record was ${name}: ${isKept ? 'keeps the keys' : 'names them as lost, and they can be added again'}`, async () => {
      const { site, older, present } = await lived()
      const { accounts } = site
      await putBack(site.store, present, change(older))
      await assert.rejects(accounts.login(address, password(), session), (error) =>
        isRefusal(error, 'damaged'),
      )
      const report = await accounts.repairs.repair(address, owner(), { isDryRun: false })
      assert.deepEqual(report.findings, [])
      assert.equal(
        report.lost.some((what) => what.startsWith('the keys that mail was sealed to')),
        !isKept,
        report.lost.join('\n'),
      )
      const left = await accounts.publicKeys.publicKeys(address)
      assert.equal(left.keys.length, isKept ? 2 : 0)
      if (!isKept) {
        const entries = await accounts.trail.trail(address, owner())
        assert.ok(entries.some(({ kind, by }) => kind === 'public-key-removed' && by === 'server'))
        await accounts.publicKeys.addPublicKeys(address, owner(), keys[0] ?? Buffer.alloc(0))
      }
      await deliverTo(accounts, address, mail('after the repair'))
      const open = await accounts.login(address, password(), session)
      const inbox = await open.select('INBOX', { isReadOnly: true })
      const last = inbox.uids().at(-1)
      assert.ok(last !== undefined && isEncrypted(await readAll(inbox, last)))
      await open.close()
      const again = await accounts.repairs.repair(address, owner(), { isDryRun: true })
      assert.deepEqual([again.repaired, again.lost], [[], []])
      await accounts.close()
    })
})
