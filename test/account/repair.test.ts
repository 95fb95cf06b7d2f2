// Repairing accounts: whatever is removed or altered, all mail that can be found again is found, the rest is named, and then all is well.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { checkpoint } from '../../src/account/checkpoint.ts'
import { restoredKey } from '../../src/account/keys.ts'
import { encodeRestored, finishRestore } from '../../src/account/restored.ts'
import { readTrail } from '../../src/account/trail.ts'
import { unlock } from './unlocked.ts'
import { copyOf, putBack, type AccountCopy } from './copies.ts'
import { chunks, deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const secret = () => ({ kind: 'password' as const, password: password() })

interface Lived {
  readonly site: TestSite
  readonly copy: AccountCopy
  readonly subjects: readonly string[]
}

/** Packed and loose messages, copies, a long one, one that waits. */
async function lived(): Promise<Lived> {
  const site = await makeSite()
  const { accountId } = await site.accounts.create(address, password())
  const open = await site.accounts.login(address, password(), session)
  for (let index = 0; index < 70; index += 1)
    await open.append('INBOX', chunks(mail(`a${index}`, 'x'.repeat(index + 1))), {
      flags: index % 2 ? ['\\Seen', 'work'] : [],
    })
  await open.append('Drafts', chunks(mail('long', 'y'.repeat(200_000))), { flags: ['\\Draft'] })
  const inbox = await open.select('INBOX', { isReadOnly: false })
  await inbox.copy(inbox.uids().slice(0, 2), 'Archive')
  await open.close()
  await deliverTo(site.accounts, address, mail('waiting'))
  return {
    site,
    copy: await copyOf(site.store, accountId),
    subjects: [...(await subjects(site)), 'waiting'].sort(),
  }
}

/** Of every message, in all mailboxes, read whole. */
async function subjects(site: TestSite): Promise<string[]> {
  const open = await site.accounts.login(address, password(), session)
  const found: string[] = []
  for (const { name } of open.mailboxes()) {
    const box = await open.select(name, { isReadOnly: true })
    for await (const content of box.contents(box.uids())) {
      const parts: Buffer[] = []
      for await (const piece of content.read(0, content.sizeBytes)) parts.push(Buffer.from(piece))
      found.push(/^Subject: (.*)\r$/m.exec(Buffer.concat(parts).toString())?.[1] ?? '')
    }
    box.close()
  }
  await open.close()
  return found.filter((subject) => subject !== 'waiting').sort()
}

const without =
  (...letters: readonly string[]) =>
  (key: string, value: Uint8Array) =>
    letters.some((letter) => key.startsWith(letter)) ? undefined : value

const flipped = (value: Uint8Array): Buffer => {
  const bytes = Buffer.from(value)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  return bytes
}

interface Harm {
  readonly name: string
  readonly change: (key: string, value: Uint8Array) => Uint8Array | undefined
  /** Messages that only copies had: one body, counted twice, becomes one message. */
  readonly copiesLost?: number
  readonly mayLose?: RegExp
}

const harms: readonly Harm[] = [
  { name: 'the manifest is missing', change: without('n') },
  { name: 'the manifest is altered', change: (key, value) => (key === 'n' ? flipped(value) : value) },
  { name: 'the chain’s head is missing', change: without('h') },
  { name: 'the chain’s head is altered', change: (key, value) => (key === 'h' ? flipped(value) : value) },
  { name: 'the log is missing', change: without('c') },
  { name: 'the delivery key is missing', change: without('kc') },
  { name: 'the records of messages are missing', change: without('m'), copiesLost: 2 },
  { name: 'the pages of messages are missing', change: without('p'), copiesLost: 2 },
  { name: 'the state of mailboxes is missing', change: without('x') },
  { name: 'the list of mailboxes is missing', change: without('L'), copiesLost: 2 },
  {
    name: 'everything but keys and bodies is missing',
    change: without('n', 'L', 'c', 'x', 'h', 'm', 'p', 'v', 't', 'a'),
    copiesLost: 2,
  },
]

describe('repairing an account', () => {
  it('changes nothing in a sound one', async () => {
    const { site, subjects: before } = await lived()
    // Mail that waits is not filed by looking on, and is no reason to take the quota for wrong.
    const dry = await site.accounts.repairs.repair(address, secret(), { isDryRun: true })
    assert.deepEqual([dry.repaired, dry.lost, dry.findings], [[], [], []])
    const report = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
    assert.deepEqual([report.repaired, report.lost, report.findings], [[], [], []])
    assert.deepEqual((await subjects(site)).length + 1, before.length)
  })

  for (const { name, change, copiesLost = 0 } of harms) {
    it(`finds all mail again when ${name}`, async () => {
      const { site, copy, subjects: before } = await lived()
      await putBack(site.store, copy, change)
      const dry = await site.accounts.repairs.repair(address, secret(), { isDryRun: true })
      const report = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
      assert.ok(report.repaired.length > 0 || report.findingCount === 0, name)
      assert.ok(dry.repaired.length > 0 || report.repaired.length === 0, 'the dry run saw it')
      const after = await subjects(site)
      const wanted = new Set(before.filter((subject) => subject !== 'waiting'))
      assert.deepEqual(new Set(after), wanted)
      assert.ok(after.length >= before.length - 1 - copiesLost, `${after.length} of ${before.length}`)
      assert.deepEqual(report.findings, [])
      assert.deepEqual((await site.accounts.verify(address, password())).findings, [])
      const again = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
      assert.deepEqual([again.repaired, again.lost, again.findings], [[], [], []])
      await deliverTo(site.accounts, address, mail('after'))
      assert.ok((await subjects(site)).includes('after'))
    })
  }

  it('keeps the header of a message whose body is gone, and names it', async () => {
    const { site, copy } = await lived()
    const [victim] = copy.blobs.filter(({ body, count }) => count === 1 && body.length > 100_000)
    await putBack(site.store, copy, undefined, (blob) => blob !== victim?.blobId.toString('hex'))
    const report = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
    assert.match(
      report.lost.join(),
      /^Drafts: UID 1, 200\d+ octets, received 2026-11-21 12:00, from Bob <bob@example\.org>, subject long: its body is gone$/,
    )
    assert.equal(report.lostMessages, 1)
    assert.match(report.repaired.join(), /Drafts: the header of UID 1, into Recovered/)
    assert.deepEqual(report.findings, [])
    assert.ok((await subjects(site)).includes('long'))
  })

  it('keeps aside a body that does not open', async () => {
    const { site, copy } = await lived()
    const damaged: AccountCopy = {
      ...copy,
      blobs: copy.blobs.map((blob) =>
        blob.body.length > 100_000 ? { ...blob, body: flipped(blob.body) } : blob,
      ),
    }
    await putBack(site.store, damaged)
    const report = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
    assert.match(report.lost.join(), /does not open, kept aside as [0-9a-f]{32}/)
    assert.deepEqual(report.findings, [])
    const again = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
    assert.deepEqual([again.repaired, again.lost, again.findings], [[], [], []])
  })

  it('files mail that waits and that nobody vouches for into Recovered', async () => {
    const { site, copy } = await lived()
    // The last bytes are the site's word for it.
    await putBack(site.store, copy, (key, value) => {
      if (!key.startsWith('d')) return value
      const bytes = Buffer.from(value)
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
      return bytes
    })
    await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
    const open = await site.accounts.login(address, password(), session)
    assert.equal((await open.status('Recovered')).messages, 1)
    await open.close()
    assert.deepEqual((await site.accounts.verify(address, password())).findings, [])
  })

  it('keeps what waits for the trail, whatever is wrong with other things that wait', async () => {
    const { site } = await lived()
    await (
      await site.accounts.enableAtRest(address, password())
    ).finished
    const { accountId } = await site.accounts.info(address)
    await deliverTo(site.accounts, address, mail('harmed'))
    await site.accounts.lockedMail.lockMail(address, password('another'))
    const copy = await copyOf(site.store, accountId)
    let arrivals = 0
    await putBack(site.store, copy, (key, value) =>
      key.startsWith('d') && (arrivals += 1) === 1 ? flipped(value) : value,
    )
    assert.equal(arrivals, 3, 'a message, an entry of the trail and a notice')
    const report = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
    assert.deepEqual(report.findings, [])
    const account = await unlock(site, address)
    const kinds = (await readTrail(account)).map(({ kind }) => kind)
    await account.lock()
    assert.ok(kinds.includes('mail-locked'), kinds.join())
  })

  it('gives UIDVALIDITYs above those that run ahead of the clock, though the manifest is lost', async () => {
    const { site, copy } = await lived()
    // As a restore leaves it: until the next unlock, which gives all mailboxes numbers of tomorrow.
    const mark = encodeRestored({ at: site.clock.now() })
    await putBack(site.store, { ...copy, entries: [...copy.entries, [restoredKey, mark]] })
    const validity = async (): Promise<number> => {
      const open = await site.accounts.login(address, password(), session)
      const { uidValidity } = await open.status('INBOX')
      await open.close()
      return uidValidity
    }
    const account = await unlock(site, address)
    await finishRestore(account)
    await checkpoint(account)
    await account.lock()
    const before = await validity()
    const restored = await copyOf(site.store, copy.id.toString('hex'))
    await putBack(site.store, restored, without('n'))
    await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
    const after = await validity()
    assert.ok(after > before, `${after} after ${before}`)
  })

  it('corrects the quota, also above it', async () => {
    const { site, copy } = await lived()
    await putBack(site.store, { ...copy, usageBytes: 7 })
    await site.accounts.setQuota(address, 1000)
    const { usedBytes } = await site.accounts.info(address)
    const octets = await site.accounts.repairs.recountQuota(address, secret())
    assert.ok(octets > 200_000 && usedBytes < octets)
    assert.equal((await site.accounts.info(address)).quotaBytes, 1000)
  })

  it('refuses a wrong password, and an account whose keys are gone', async () => {
    const { site, copy } = await lived()
    const wrong = { kind: 'password' as const, password: password('guess') }
    await assert.rejects(site.accounts.repairs.repair(address, wrong, { isDryRun: false }), (error) =>
      isRefusal(error, 'authentication-failed'),
    )
    await putBack(site.store, copy, without('kk'))
    await assert.rejects(site.accounts.repairs.repair(address, secret(), { isDryRun: false }), (error) =>
      isRefusal(error, 'damaged'),
    )
  })

  it('gives mailboxes new UIDVALIDITYs when asked', async () => {
    const { site } = await lived()
    const open = await site.accounts.login(address, password(), session)
    const before = Number((await open.status('INBOX')).uidValidity)
    assert.equal(await site.accounts.repairs.bumpUidValidity(address, secret(), 'INBOX'), 1)
    const again = await site.accounts.login(address, password(), session)
    assert.ok(Number((await again.status('INBOX')).uidValidity) > before)
    await again.close()
  })
})

describe('looking over a site without keys', () => {
  const words = async (site: TestSite): Promise<string[]> => {
    const found: string[] = []
    for await (const { address: at, text } of site.accounts.repairs.fsckSite())
      found.push(`${at ?? '-'}: ${text}`)
    return found
  }

  it('finds nothing in a sound one', async () => {
    const { site } = await lived()
    assert.deepEqual(await words(site), [])
  })

  const faults: readonly (readonly [
    string,
    (key: string, value: Uint8Array) => Uint8Array | undefined,
    RegExp,
  ])[] = [
    ['key slots that are gone', without('ks'), /key slots are missing/],
    ['a delivery key that is gone', without('kc'), /delivery key is missing/],
    ['a chain that is cut', without('h'), /chain does not reach/],
    [
      'what can be read',
      (key, value) =>
        key.startsWith('m') ? Buffer.from('Subject: the quarterly figures, in the clear') : value,
      /not the sealed record/,
    ],
  ]
  for (const [name, change, found] of faults)
    it(`finds ${name}`, async () => {
      const { site, copy } = await lived()
      await putBack(site.store, copy, change)
      assert.match((await words(site)).join('\n'), found)
    })

  it('finds accounts without an address and addresses without an account', async () => {
    const { site, copy } = await lived()
    const entry = await site.store.directory.get(address)
    await site.store.directory.delete(address, entry ?? Buffer.alloc(0))
    assert.match((await words(site)).join(), /no address stands for this account/)
    await site.store.directory.put(address, entry ?? Buffer.alloc(0), undefined)
    await site.store.destroy(copy.id)
    assert.match((await words(site)).join(), /there is no account behind this address/)
  })
})
