// A message record whose parts are made when asked for: the same as one that is read at once, and refused where that is.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  decodeMessage,
  encodeMessage,
  MessageView,
  takeKeyOfRecord,
  type MessageRecord,
} from '../../src/account/message-codec.ts'
import { MalformedRecord } from '../../src/base/bytes.ts'

const parts = [
  'messageKey',
  'blob',
  'emailId',
  'envelope',
  'body',
  'bodyStructure',
  'tree',
  'header',
] as const

function record(lengths: readonly number[], hasFirstBlob: boolean): MessageRecord {
  const [envelope, body, bodyStructure, tree, header] = [0, 1, 2, 3, 4].map((at) =>
    randomBytes(lengths[at] ?? 0),
  )
  assert.ok(envelope && body && bodyStructure && tree && header)
  return {
    messageKey: randomBytes(32),
    blob: randomBytes(16),
    ...(hasFirstBlob ? { emailId: randomBytes(16) } : {}),
    ...{ sizeBytes: 2 ** 40 + 5, envelope, body, bodyStructure, tree, header },
  }
}

const isSame = (encoded: Buffer): void => {
  const [view, whole] = [new MessageView(encoded), decodeMessage(encoded)]
  assert.equal(view.sizeBytes, whole.sizeBytes)
  for (const part of parts) assert.deepEqual(view[part], whole[part], part)
}

describe('a view on a message record', () => {
  for (const lengths of [[], [1], [0, 0, 0, 0, 7], [300, 0, 20, 1, 4000]])
    for (const hasFirstBlob of [false, true])
      it(`has the parts of ${lengths.join(', ')} octets${hasFirstBlob ? ' and the first body' : ''}`, () => {
        isSame(encodeMessage(record(lengths, hasFirstBlob)))
      })

  it('refuses a record that is cut short anywhere, or has something behind its end', () => {
    for (const hasFirstBlob of [false, true]) {
      const encoded = encodeMessage(record([3, 0, 2, 1, 5], hasFirstBlob))
      for (let length = 0; length < encoded.length; length += 1)
        assert.throws(() => new MessageView(encoded.subarray(0, length)), MalformedRecord, String(length))
      assert.throws(() => new MessageView(Buffer.concat([encoded, Buffer.alloc(1)])), MalformedRecord)
    }
  })

  it('refuses or reads a record with another octet as one that is read at once', () => {
    const encoded = encodeMessage(record([3, 0, 2, 1, 5], false))
    for (let at = 0; at < encoded.length; at += 1)
      for (const octet of [0, 2, 3, 255]) {
        const changed = Buffer.from(encoded)
        changed[at] = octet
        let isRefused = false
        try {
          decodeMessage(changed)
        } catch (error) {
          assert.ok(error instanceof MalformedRecord)
          isRefused = true
        }
        if (isRefused) assert.throws(() => new MessageView(changed), MalformedRecord, `${at}: ${octet}`)
        else isSame(changed)
      }
  })

  it('gives its key away once', () => {
    for (const hasFirstBlob of [false, true]) {
      const message = record([3], hasFirstBlob)
      const encoded = encodeMessage(message)
      const keys = Buffer.alloc(96)
      takeKeyOfRecord(encoded, keys, 32)
      assert.deepEqual(keys, Buffer.concat([Buffer.alloc(32), message.messageKey, Buffer.alloc(32)]))
      assert.deepEqual(new MessageView(encoded).messageKey, Buffer.alloc(32))
      assert.deepEqual(new MessageView(encoded).blob, message.blob)
    }
    for (const length of [0, 1, 20]) takeKeyOfRecord(Buffer.alloc(length, 1), Buffer.alloc(32), 0)
  })
})
