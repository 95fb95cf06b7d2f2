// What vanished since a MODSEQ: complete whatever happened since, never naming what is there, and bounded on the disk.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { OpenAccount, SelectedMailbox, Uid } from '../../src/account/api.ts'
import { decodeExpunges, encodeExpunges, ExpungeHistory } from '../../src/account/expunge-history.ts'
import { MalformedRecord } from '../../src/base/bytes.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { alice, chunks, mail, makeSite, password, session, type TestSite } from './support.ts'
import { TamperingStore } from './tampering-store.ts'

const address = 'alice@example.org'

function numbersOf(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  )
}

/** Says what is wrong with an answer: `gone` maps every UID that went to the MODSEQ of its going. */
async function checkAnswer(
  mailbox: SelectedMailbox,
  gone: ReadonlyMap<number, number>,
  since: number,
  isExact: boolean,
): Promise<void> {
  const ranges = await mailbox.vanishedSince(since)
  for (const [index, [first, last]] of ranges.entries()) {
    assert.ok(first >= 1 && first <= last && last < mailbox.uidNext, 'a range of UIDs that were given')
    assert.ok(first > (ranges[index - 1]?.[1] ?? -1) + 1, 'ascending, and neighbours united')
  }
  const said = new Set(numbersOf(ranges))
  for (const uid of mailbox.uids()) assert.ok(!said.has(uid), `${uid} is there`)
  const due = [...gone].filter(([, modSeq]) => modSeq > since).map(([uid]) => uid)
  for (const uid of due) assert.ok(said.has(uid), `${uid} went after ${since}`)
  if (isExact) assert.equal(said.size, due.length)
}

type Step =
  | { readonly kind: 'append'; readonly count: number }
  | { readonly kind: 'expunge' | 'move'; readonly picks: readonly number[] }
  | { readonly kind: 'login' | 'crash' | 'checkpoint' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    kind: fc.constantFrom('expunge' as const, 'move' as const),
    picks: fc.array(fc.nat(50), { minLength: 1, maxLength: 6 }),
  }),
  fc.record({ kind: fc.constantFrom('login' as const, 'crash' as const, 'checkpoint' as const) }),
)

async function append(open: OpenAccount, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await open.append('INBOX', chunks(mail(`m${index}`)), { flags: [] })
}

/** Logs out and in again with so much in the log that a checkpoint is written. */
async function logInAnew(site: TestSite, open: OpenAccount, isLong: boolean): Promise<OpenAccount> {
  if (isLong) for (let index = 0; index < 60; index += 1) await open.subscribe(`x${index % 2}/${index}`)
  await open.close()
  return site.accounts.login(address, password(), session)
}

describe('what vanished since a MODSEQ', () => {
  it('is exact over expunges, moves, logins, checkpoints and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
        const site = await makeSite()
        let open = await alice(site)
        const gone = new Map<number, number>()
        const asked: number[] = [0]
        for (const each of steps) {
          if (each.kind === 'append') await append(open, each.count)
          else if (each.kind === 'expunge' || each.kind === 'move') {
            const inbox = await open.select('INBOX', { isReadOnly: false })
            const all = inbox.uids()
            const uids = [...new Set(each.picks.flatMap((pick) => all[pick % Math.max(all.length, 1)] ?? []))]
            uids.sort((a, b) => a - b)
            if (each.kind === 'move') await inbox.move(uids, 'Trash')
            else {
              await inbox.storeFlags(uids, 'add', ['\\Deleted'])
              await inbox.expunge(uids)
            }
            for (const uid of uids) gone.set(uid, inbox.highestModSeq)
            inbox.close()
          } else if (each.kind === 'crash') {
            site.accounts = await site.reopen()
            open = await site.accounts.login(address, password(), session)
          } else open = await logInAnew(site, open, each.kind === 'checkpoint')
          const inbox = await open.select('INBOX', { isReadOnly: true })
          asked.push(inbox.highestModSeq)
          for (const since of asked) await checkAnswer(inbox, gone, since, true)
          inbox.close()
        }
      }),
      { numRuns: 30 },
    )
  })

  it('stays right when there are far more expunges than the record takes', async () => {
    const history = new ExpungeHistory({
      expungedDigest: undefined,
      messages: 0,
      uidNext: 1,
      highestModSeq: 0,
    })
    const total = 40_000
    const present = new Set(Array.from({ length: total }, (_, index) => index + 1))
    let sorted = [...present]
    const gone = new Map<number, number>()
    let greatest = 0
    for (let modSeq = 1; modSeq <= 9_000; modSeq += 1) {
      const uids = [(modSeq * 7919) % total, (modSeq * 104_729) % total].filter((uid) => present.delete(uid))
      uids.sort((a, b) => a - b)
      if (modSeq % 50 === 0) sorted = sorted.filter((uid) => present.has(uid))
      history.note(
        modSeq,
        uids.map((uid) => [uid, uid] as const),
        sorted,
      )
      for (const uid of uids) gone.set(uid, modSeq)
      if (modSeq % 1000 === 0) {
        sorted = sorted.filter((uid) => present.has(uid))
        const record = history.next(sorted)
        const bytes = encodeExpunges(record)
        greatest = Math.max(greatest, bytes.length)
        history.written(Buffer.alloc(32), modSeq)
        history.stored = decodeExpunges(bytes)
      }
    }
    sorted = sorted.filter((uid) => present.has(uid))
    assert.ok(greatest < 48 * 1024, `${greatest} bytes`)
    for (const since of [0, 1, 500, 4_000, 8_000, 8_990, 9_000]) {
      const said = new Set(numbersOf(history.since(since, sorted, total + 1)))
      for (const uid of said) assert.ok(!present.has(uid))
      for (const [uid, modSeq] of gone) if (modSeq > since) assert.ok(said.has(uid), `${uid} after ${since}`)
    }
    // What is recent is exact.
    const recent = [...gone].filter(([, modSeq]) => modSeq > 8_900).length
    assert.equal(numbersOf(history.since(8_900, sorted, total + 1)).length, recent)
  })

  it('unites ranges with only gone UIDs between them when the record is shortened', () => {
    const history = new ExpungeHistory({
      expungedDigest: undefined,
      messages: 0,
      uidNext: 1,
      highestModSeq: 0,
    })
    for (let modSeq = 1; modSeq <= 6_000; modSeq += 1) {
      const uid = modSeq <= 3_000 ? modSeq * 2 : (modSeq - 3_000) * 2 - 1
      history.note(modSeq, [[uid, uid]], [])
    }
    const { knownSince, entries } = history.next([])
    assert.equal(knownSince, 0)
    assert.deepEqual(entries[0]?.ranges.length, 1)
  })

  it('is every UID that is not there, for a mailbox whose history nobody wrote', () => {
    const history = new ExpungeHistory({
      expungedDigest: undefined,
      messages: 2,
      uidNext: 7,
      highestModSeq: 90,
    })
    assert.deepEqual(history.since(89, [2, 5], 7), [
      [1, 1],
      [3, 4],
      [6, 6],
    ])
    assert.deepEqual(history.since(90, [2, 5], 7), [])
    history.note(91, [[5, 5]], [2])
    assert.deepEqual(history.since(90, [2], 7), [[5, 5]])
  })

  it('is sealed under the newest key when at-rest encryption is turned on', async () => {
    const site = await makeSite()
    let open = await alice(site)
    await append(open, 9)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    await inbox.storeFlags([2, 4, 5] as Uid[], 'add', ['\\Deleted'])
    const before = inbox.highestModSeq
    await inbox.expunge()
    open = await logInAnew(site, open, true)
    await open.close()
    const { finished, recoveryCode } = await site.accounts.enableAtRest(address, password())
    await finished
    recoveryCode.fill(0)
    await site.restart()
    open = await site.accounts.login(address, password(), session)
    const again = await open.select('INBOX', { isReadOnly: true })
    assert.deepEqual(await again.vanishedSince(before), [
      [2, 2],
      [4, 5],
    ])
    await open.close()
  })
})

describe('a damaged expunge history', () => {
  it('costs precision and nothing else, whether flipped, cut, removed or put back as it was', async () => {
    const disk = new TamperingStore(openMemoryStore())
    const site = await makeSite({}, disk.store)
    let open = await alice(site)
    await append(open, 30)
    const gone = new Map<number, number>()
    const expungeSome = async (uids: readonly number[]): Promise<void> => {
      const inbox = await open.select('INBOX', { isReadOnly: false })
      await inbox.storeFlags(uids as Uid[], 'add', ['\\Deleted'])
      await inbox.expunge()
      for (const uid of uids) gone.set(uid, inbox.highestModSeq)
      open = await logInAnew(site, open, true)
    }
    await expungeSome([3, 4, 9])
    const { accountId } = await site.accounts.info(address)
    const history = (): Buffer =>
      disk.records(accountId).find(({ key }) => key.toString('latin1', 0, 1) === 'v')?.value ??
      Buffer.alloc(0)
    await disk.capture()
    const old = history()
    await expungeSome([12])
    await open.close()
    await disk.capture()
    const now = disk.records(accountId).find(({ key }) => key.toString('latin1', 0, 1) === 'v')
    assert.ok(now && old.length > 0)
    const flipped = Buffer.from(now.value)
    flipped[80] = (flipped[80] ?? 0) ^ 1
    for (const value of [flipped, now.value.subarray(0, -1), undefined, old, now.value]) {
      disk.replace(accountId, now.key, value)
      const { findings } = await site.accounts.verify(address, password())
      const told = findings.filter(({ text }) => text === 'its expunge history does not open')
      assert.equal(told.length, value === now.value ? 0 : 1)
      open = await site.accounts.login(address, password(), session)
      const inbox = await open.select('INBOX', { isReadOnly: false })
      for (const since of [0, ...gone.values()]) await checkAnswer(inbox, gone, since, value === now.value)
      // It is written anew, and is whole from then on.
      await inbox.storeFlags([20] as Uid[], 'add', ['\\Deleted'])
      await inbox.expunge()
      const through = new Map(gone).set(20, inbox.highestModSeq)
      open = await logInAnew(site, open, true)
      const again = await open.select('INBOX', { isReadOnly: true })
      for (const since of through.values()) await checkAnswer(again, through, since, false)
      await open.close()
      disk.restore()
    }
  })

  it('is not read when it says what cannot be', () => {
    const good = encodeExpunges({ knownSince: 3, entries: [{ modSeq: 4, ranges: [[1, 2]] }] })
    assert.deepEqual(decodeExpunges(good).entries, [{ modSeq: 4, ranges: [[1, 2]] }])
    const outOfOrder = encodeExpunges({ knownSince: 4, entries: [{ modSeq: 4, ranges: [[1, 2]] }] })
    const unknown = Buffer.from(good)
    unknown[0] = 2
    for (const bytes of [outOfOrder, unknown, good.subarray(0, -1), Buffer.concat([good, Buffer.of(0)])])
      assert.throws(() => decodeExpunges(bytes), MalformedRecord)
  })
})
