// Message keys of messages that are opened together: each body by its own, whenever it is read, and nothing left of them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { collect } from '../../src/base/async.ts'
import type { MessageContent, OpenAccount } from '../../src/account/api.ts'
import { readRecords } from '../../src/account/contents.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { messageKey } from '../../src/account/keys.ts'
import { openContents } from '../../src/account/message-parts.ts'
import { messageContents } from '../../src/account/message-contents.ts'
import { encodeMessage } from '../../src/account/message-codec.ts'
import { sealMessageRecord } from '../../src/account/message-seal.ts'
import { alice, chunks, mail, makeSite, type TestSite } from './support.ts'
import { unlock } from './unlocked.ts'

const address = 'alice@example.org'
const count = 30

async function filled(): Promise<{ site: TestSite; open: OpenAccount }> {
  const site = await makeSite()
  const open = await alice(site)
  for (let number = 1; number <= count; number += 1)
    await open.append('INBOX', chunks(mail(`m${number}`)), { flags: [] })
  return { site, open }
}

async function expectBody(content: MessageContent): Promise<void> {
  const body = await collect(content.read(0, content.sizeBytes))
  assert.match(body.toString(), new RegExp(`Subject: m${content.uid}\r`))
}

describe('messages that are opened together', () => {
  it('have each its own key, in any order, and after their batch is over', async () => {
    const { site, open } = await filled()
    const inbox = await open.select('INBOX', { isReadOnly: true })
    const opened: MessageContent[] = []
    for await (const content of inbox.contents(inbox.uids())) {
      opened.push(content)
      if (opened.length % 7 === 0) for (const earlier of [...opened].reverse()) await expectBody(earlier)
    }
    assert.equal(opened.length, count)
    for (const content of [...opened].reverse()) await expectBody(content)
    assert.equal(new Set(opened.map(({ emailId }) => emailId)).size, count)
    assert.deepEqual(
      opened.map(({ bodyId }) => bodyId),
      opened.map(({ emailId }) => emailId),
    )
    await site.accounts.close()
  })

  it('leave no key in their records, and none that lives longer than the vault', async () => {
    const { site, open } = await filled()
    await open.close()
    const account = await unlock(site, address)
    const table = await account.mailbox('INBOX')
    const keys: Buffer[] = []
    for await (const batch of readRecords(account, table, [...table.uids]))
      for (const { record } of batch) keys.push(Buffer.from(record.messageKey))
    assert.equal(keys.length, count)
    const lent: Buffer[] = []
    const { vault } = account
    const lend = vault.lend.bind(vault)
    vault.lend = (key) => {
      const secret = lend(key)
      lent.push(secret.bytes)
      return secret
    }
    const contents = messageContents(account, table, [...table.uids], () => undefined)
    const first = await contents.next()
    assert.ok(!first.done)
    assert.ok(lent.some((bytes) => keys.some((key) => bytes.includes(key))))
    await account.lock()
    assert.ok(lent.every((bytes) => bytes.every((octet) => octet === 0)))
    await assert.rejects(collect(first.value.read(0, 10)), (error) => isRefusal(error, 'unavailable'))
    await contents.return(undefined)
    await site.accounts.close()
  })

  it('are read but for one whose record does not parse, which is damaged', async () => {
    const { site, open } = await filled()
    await open.close()
    const account = await unlock(site, address)
    const table = await account.mailbox('INBOX')
    const uid = table.uids.at(-1) ?? assert.fail()
    // A single record, whose length does not fit: sealed as it should be, so that only taking it apart shows it.
    await account.commit(() => ({
      changes: [
        {
          ...{ kind: 'append', mailbox: table.id, uid: uid + 1, flags: { bits: 0, keywords: [] } },
          ...{ internalDate: 0, zoneMinutes: 0, sizeBytes: 1, savedAt: 0 },
        } as never,
      ],
      value: undefined,
      write(tx) {
        const good = encodeMessage({
          messageKey: Buffer.alloc(32, 7),
          blob: Buffer.alloc(16),
          ...{ sizeBytes: 1, envelope: Buffer.alloc(0), body: Buffer.alloc(0) },
          ...{ bodyStructure: Buffer.alloc(0), tree: Buffer.alloc(0), header: Buffer.alloc(0) },
        })
        const bad = Buffer.from(good.subarray(0, good.length - 1))
        tx.put(messageKey(table.idBytes, uid + 1), sealMessageRecord(account.vault, table, uid + 1, bad))
      },
    }))
    const mailbox = {
      contents: (uids: readonly number[]) => messageContents(account, table, uids, () => undefined),
      async content(wanted: number) {
        for await (const content of messageContents(account, table, [wanted], () => undefined)) return content
        return undefined
      },
    }
    const seen: string[] = []
    for await (const opened of openContents(mailbox, [...table.uids] as never))
      seen.push('damage' in opened ? `damaged ${opened.uid}` : String(opened.uid))
    const expected = Array.from({ length: count }, (_, index) => String(index + 1))
    assert.deepEqual(seen, [...expected, `damaged ${count + 1}`])
    await account.lock()
    await site.accounts.close()
  })
})
