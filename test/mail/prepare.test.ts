import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSearchDay } from '../../src/mail/date.ts'
import { prepareMessage, sentDateOf } from '../../src/mail/prepare.ts'
import { mail } from './messages.ts'
import { readWire, type Wire } from './wire-reader.ts'

function member(wire: Wire, place: number): readonly Wire[] {
  assert.ok(Array.isArray(wire))
  const found: unknown = wire[place]
  assert.ok(Array.isArray(found))
  return found as Wire[]
}

test('the header is a view on the message, blank line included, and the size is that of the message', () => {
  const message = mail('Subject: s', '', 'body')
  const { header, sizeBytes } = prepareMessage(message)
  assert.equal(header.toString(), 'Subject: s\r\n\r\n')
  assert.equal(header.buffer, message.buffer)
  assert.equal(sizeBytes, message.length)
})

test('the sent date is the moment, and the sent day the day that is written', () => {
  const message = mail('Date: Mon, 7 Feb 1994 23:52:25 -0800', '', 'x')
  const { sentDate, sentDay } = prepareMessage(message)
  assert.equal(sentDate, Date.parse('1994-02-08T07:52:25Z'))
  assert.equal(sentDay, parseSearchDay('7-Feb-1994'))
  assert.deepEqual(sentDateOf(message), { epochMs: sentDate, zoneMinutes: -480 })
})

test('without a Date that can be read there is no sent date', () => {
  for (const message of [mail('Date: soon', '', 'x'), mail('', 'Date: Mon, 7 Feb 1994 23:52:25 -0800')]) {
    assert.equal('sentDate' in prepareMessage(message), false)
    assert.equal(sentDateOf(message), undefined)
  }
})

test('ENVELOPE has so many addresses and no more, the first ones', () => {
  const list = Array.from({ length: 30_000 }, (_, index) => `u${index}@example.org`).join(', ')
  const embedded = ['Content-Type: message/rfc822', '', 'To: late@example.org', '', 'x']
  const { envelope, bodyStructure } = prepareMessage(mail(`To: ${list}`, `Cc: ${list}`, ...embedded))
  const wire = readWire(envelope)
  const to = member(wire, 5)
  assert.equal(to.length, 20_000)
  assert.deepEqual(to.at(-1), [null, null, 'u19999', 'example.org'])
  assert.ok(Array.isArray(wire))
  assert.equal(wire[6], null)
  assert.equal(member(readWire(bodyStructure), 7)[5], null)
})

test('ENVELOPE keeps thousands of addresses whole', () => {
  const list = Array.from({ length: 5_000 }, (_, index) => `u${index}@example.org`).join(',\r\n ')
  assert.equal(member(readWire(prepareMessage(mail(`To: ${list}`, '', 'x')).envelope), 5).length, 5_000)
})

test('fields far down in a header of many megabytes are not read, its octets are kept', () => {
  const padding = `X-Padding: ${'x'.repeat(5_000_000)}`
  const message = mail('Subject: first', padding, 'To: late@example.org', '', 'body')
  const { envelope, header } = prepareMessage(message)
  assert.equal(envelope.toString(), '(NIL "first" NIL NIL NIL NIL NIL NIL NIL NIL)')
  assert.equal(header.length, message.length - 'body\r\n'.length)
})
