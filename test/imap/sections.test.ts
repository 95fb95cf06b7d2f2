// What FETCH of many sections holds in memory before the first octet goes out: little, however long the header is.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MessageContent, Uid } from '../../src/account/api.ts'
import { MemoryBudget } from '../../src/account/memory-budget.ts'
import { MessageParts } from '../../src/account/message-parts.ts'
import { chunkBytes } from '../../src/base/limits.ts'
import { openSection } from '../../src/imap/fetch/section.ts'
import { makeHarness } from './harness.ts'

const filler = 'X-Filler: 0123456789012345678901234567890123456789\r\n'
const message = Buffer.from(`Subject: long\r\n${filler.repeat(20_000)}\r\nbody`)

function partsOf(bytes: Buffer): MessageParts {
  const content = {
    uid: 1 as Uid,
    sizeBytes: bytes.length,
    async *read(start: number, end: number) {
      for (let at = start; at < end; at += chunkBytes)
        yield bytes.subarray(at, Math.min(end, at + chunkBytes))
    },
  } as unknown as MessageContent
  return new MessageParts(content, new MemoryBudget(64 * 1024 * 1024))
}

describe('sections of a header of a megabyte', () => {
  const item = (name: string, isNot: boolean): Parameters<typeof openSection>[1] => ({
    kind: 'section',
    label: 'x',
    section: { path: [], text: isNot ? 'HEADER.FIELDS.NOT' : 'HEADER.FIELDS', fields: [name] },
    partial: undefined,
    setsSeen: false,
  })

  it('are read again when their turn comes, and not held until then', async () => {
    const parts = partsOf(message)
    for (let count = 0; count < 100; count += 1) {
      const opened = await openSection(parts, item(`X-None-${count}`, true))
      assert.ok(opened.kind === 'stream')
      let sent = 0
      for await (const piece of opened.pieces()) sent += piece.length
      assert.equal(sent, opened.sizeBytes)
      assert.equal(sent, message.length - 'body'.length)
    }
  })

  it('hold no more than what was chosen, where that is little', async () => {
    const opened = await openSection(partsOf(message), item('subject', false))
    assert.ok(opened.kind === 'literal')
    assert.equal(opened.bytes.toString(), 'Subject: long\r\n\r\n')
    assert.ok(opened.bytes.buffer.byteLength <= chunkBytes)
  })

  it('come over the wire as they are', async () => {
    const harness = await makeHarness({ settings: { maxMessageBytes: 4 * 1024 * 1024 } })
    try {
      await harness.put(message)
      const client = await harness.select()
      const [response = ''] = await client.ok(
        'FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (X-A)] BODY.PEEK[HEADER.FIELDS (subject)])',
      )
      const header = message.subarray(0, -4).toString()
      assert.equal(
        response,
        `* 1 FETCH (BODY[HEADER.FIELDS.NOT (X-A)] {${header.length}}\r\n${header} BODY[HEADER.FIELDS (subject)] {17}\r\nSubject: long\r\n\r\n)`,
      )
    } finally {
      await harness.close()
    }
  })
})
