// Verifying an account: a sound one has nothing to be found, and each kind of damage is found where it is.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import { isRefusal } from '../../src/account/errors.ts'
import { deferred } from '../../src/base/async.ts'
import type { Finding, VerifyReport } from '../../src/account/verify-report.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { chunks, deliverTo, mail, makeSite, overriding, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'

/** An account with mail of every kind: delivered, appended, copied, flagged, expunged, packed. */
async function lived(store: Store = openMemoryStore()): Promise<TestSite> {
  const site = await makeSite({}, store)
  await site.accounts.create(address, password())
  for (let index = 0; index < 5; index += 1) await deliverTo(site.accounts, address, mail(`d${index}`))
  const open = await site.accounts.login(address, password(), session)
  for (let index = 0; index < 90; index += 1)
    await open.append('INBOX', chunks(mail(`a${index}`)), { flags: index % 2 ? ['\\Seen', 'work'] : [] })
  await open.append('Drafts', chunks(mail('long', 'x'.repeat(200_000))), { flags: [] })
  await open.createMailbox('gone')
  await open.append('gone', chunks(mail('gone')), { flags: [] })
  await open.deleteMailbox('gone')
  await open.subscribe('INBOX')
  const inbox = await open.select('INBOX', { isReadOnly: false })
  await inbox.copy(inbox.uids().slice(0, 3), 'Archive')
  await inbox.storeFlags(inbox.uids().slice(10, 15), 'add', ['\\Deleted'])
  await inbox.expunge()
  await open.close()
  return site
}

const words = ({ findings }: VerifyReport): string[] =>
  findings.map(({ kind, mailbox, text }: Finding) => `${kind} ${mailbox ?? '-'} ${text}`)

describe('verifying an account', () => {
  it('finds nothing in a sound one, whoever opens it, and tells how far it is', async () => {
    const site = await lived()
    const steps: number[] = []
    const report = await site.accounts.verify(address, password(), { progress: (done) => steps.push(done) })
    assert.deepEqual(words(report), [])
    assert.equal(report.messages, 5 + 90 - 5 + 1 + 3)
    assert.equal(report.areBodiesCompared, true)
    assert.deepEqual([steps[0], steps.at(-1)], [1, report.messages])
    assert.deepEqual((await site.accounts.verify(address, undefined)).findings, [])
    const { finished } = await site.accounts.enableAtRest(address, password())
    await finished
    assert.deepEqual((await site.accounts.verify(address, password())).findings, [])
    await assert.rejects(site.accounts.verify(address, undefined), (error) =>
      isRefusal(error, 'mail-would-be-lost'),
    )
    await assert.rejects(site.accounts.verify(address, password('guess')), (error) =>
      isRefusal(error, 'authentication-failed'),
    )
  })

  it('finds nothing while others change the account', async () => {
    const site = await lived()
    const open = await site.accounts.login(address, password(), session)
    const progress = { isDone: false }
    const report = site.accounts.verify(address, password()).finally(() => {
      progress.isDone = true
    })
    const inbox = await open.select('INBOX', { isReadOnly: false })
    for (let index = 0; !progress.isDone && index < 100; index += 1) {
      await open.append('INBOX', chunks(mail(`late ${index}`)), { flags: ['\\Deleted'] })
      if (index % 5 === 4) await inbox.expunge()
    }
    assert.deepEqual(words(await report), [])
  })

  it('does not take for a stray what a commit has stored, and this process does not yet go by', async () => {
    const store = openMemoryStore()
    let held: Promise<unknown> | undefined
    let onInfo: (() => Promise<void>) | undefined
    const slow = overriding(store, {
      transact: async (account, prepare) => {
        const stored = await store.transact(account, prepare)
        await held
        return stored
      },
      info: async (account) => {
        await onInfo?.()
        return store.info(account)
      },
    })
    const site = await lived(slow)
    const open = await site.accounts.login(address, password(), session)
    const go = deferred<undefined>()
    let appended: Promise<unknown> = Promise.resolve()
    onInfo = async () => {
      onInfo = undefined
      held = go.promise
      appended = open.append('INBOX', chunks(mail('late')), { flags: [] })
      for (let turn = 0; turn < 50; turn += 1) await immediate()
    }
    const seen = { isReading: false }
    const report = site.accounts.verify(address, password(), { progress: () => (seen.isReading = true) })
    for (let turn = 0; turn < 500 && !seen.isReading; turn += 1) await immediate()
    held = undefined
    go.resolve(undefined)
    assert.deepEqual(words(await report), [])
    assert.equal(onInfo, undefined, 'the version was asked for')
    await appended
  })

  it('stops when nobody waits for it', async () => {
    const site = await lived()
    const asker = new AbortController()
    const report = site.accounts.verify(address, password(), {
      progress: () => asker.abort(),
      signal: asker.signal,
    })
    await assert.rejects(report)
    assert.deepEqual((await site.accounts.verify(address, password())).findings, [])
  })

  const blobTampers: readonly {
    readonly what: string
    readonly change: (piece: Buffer) => Buffer
    readonly found: RegExp
  }[] = [
    {
      what: 'flipped',
      change: (piece) => Buffer.from(piece.map((byte) => byte ^ 1)),
      found: /^damaged \S+ its body is missing or does not open$/,
    },
    {
      what: 'cut',
      change: (piece) => piece.subarray(1),
      found: /^damaged \S+ its body is missing or does not open$/,
    },
  ]
  for (const { what, change, found } of blobTampers) {
    it(`finds every body that is ${what}`, async () => {
      const inner = openMemoryStore()
      let isBad = false
      const blobs = overriding(inner.blobs, {
        async open(account, blob) {
          const reader = await inner.blobs.open(account, blob)
          return overriding(reader, {
            async read(start, end) {
              const piece = await reader.read(start, end)
              return isBad ? change(piece) : piece
            },
          })
        },
      })
      const site = await lived(overriding(inner, { blobs }))
      isBad = true
      const report = await site.accounts.verify(address, password())
      assert.equal(report.findingCount, report.messages)
      for (const text of words(report)) assert.match(text, found)
    })
  }

  const strays: readonly { readonly name: string; readonly key: string; readonly found: string }[] = [
    { name: 'a record of an unknown kind', key: '7a00', found: 'stray - a record of an unknown kind' },
    {
      name: 'a record of a mailbox that is gone',
      key: `6d${'ab'.repeat(16)}00000001`,
      found: 'stray - a record of a mailbox that is gone',
    },
  ]
  for (const { name, key, found } of strays) {
    it(`finds ${name}`, async () => {
      const inner = openMemoryStore()
      const extra: [Buffer, Buffer] = [Buffer.from(key, 'hex'), Buffer.from('anything')]
      let isThere = false
      const store: Store = overriding(inner, {
        read: (account, run) =>
          inner.read(account, (snapshot) =>
            run(
              overriding(snapshot, {
                async *range(wanted) {
                  yield* snapshot.range(wanted)
                  if (isThere && wanted.lt.length === 1 && wanted.lt[0] === 0xff) yield [extra]
                },
              }),
            ),
          ),
      })
      const site = await lived(store)
      isThere = true
      assert.deepEqual(words(await site.accounts.verify(address, password())), [found])
    })
  }

  it('finds a page of search text that does not open', async () => {
    const inner = openMemoryStore()
    let isBad = false
    const store: Store = overriding(inner, {
      read: (account, run) =>
        inner.read(account, (snapshot) =>
          run(
            overriding(snapshot, {
              async *range(wanted) {
                for await (const entries of snapshot.range(wanted))
                  yield entries.map(([key, value]): [Uint8Array, Uint8Array] => {
                    const isText = Buffer.from(key).toString('latin1', 0, 1) === 't'
                    return [key, isBad && isText ? Buffer.from(value).fill(7, 40, 60) : value]
                  })
              },
            }),
          ),
        ),
    })
    const site = await lived(store)
    isBad = true
    assert.deepEqual(
      [...new Set(words(await site.accounts.verify(address, password())))],
      ['damaged INBOX a page of search text does not open; searches open the messages'],
    )
  })

  it('finds a body that no message has, one that is missing, and one that is counted once too often', async () => {
    const inner = openMemoryStore()
    let isBad = false
    const blobs = overriding(inner.blobs, {
      async *scan(account) {
        let index = 0
        for await (const found of inner.blobs.scan(account)) {
          index += 1
          if (!isBad || index > 3) yield found
          else if (index === 1) yield { ...found, blobId: Buffer.alloc(16, 7) }
          else if (index === 2) yield { ...found, count: found.count + 1 }
          else yield found
        }
      },
    })
    const site = await lived(overriding(inner, { blobs }))
    isBad = true
    const found = words(await site.accounts.verify(address, password())).map((text) =>
      text.replace(/[0-9a-f]{32}/, 'X').replace(/\d+/g, 'n'),
    )
    assert.deepEqual(found.sort(), [
      'damaged INBOX what stands before its body X in the store is damaged: it opens, and is lost if its record is; a repair stores it again',
      'differs - body X is counted n times and used n times',
      'stray - body X that no message has',
    ])
  })
})
