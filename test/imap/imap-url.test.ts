// IMAP URLs of CATENATE: which message and which section they name, and what is none.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseImapUrl } from '../../src/imap/imap-url.ts'

const rows: readonly (readonly [url: string, expected: string | undefined])[] = [
  ['/INBOX/;UID=20', 'INBOX - 20 BODY[]'],
  ['/inbox;UIDVALIDITY=385759045/;UID=20', 'INBOX 385759045 20 BODY[]'],
  ['/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME', 'Drafts 385759045 20 BODY[1.MIME]'],
  ['/a/b/;UID=1/;SECTION=HEADER.FIELDS%20(To%20%22X%22)', 'a/b - 1 BODY[HEADER.FIELDS (To X)]'],
  ['/Entw%C3%BCrfe/;UID=1', 'Entwürfe - 1 BODY[]'],
  ['/a%3Bb/;UID=1', 'a;b - 1 BODY[]'],
  ['/a/;UID=1/;SECTION=1/;PARTIAL=0.1024', 'a - 1 BODY[1] 0+1024'],
  ['/a/;UID=1/;PARTIAL=7', 'a - 1 BODY[] 7+Infinity'],
  [';UID=4294967295', 'selected - 4294967295 BODY[]'],
  ['/;UID=2/;SECTION=TEXT', 'selected - 2 BODY[TEXT]'],
  ['other/;UID=1', 'work/other - 1 BODY[]'],
  ['imap://host/INBOX/;UID=1', undefined],
  ['//host/INBOX/;UID=1', undefined],
  ['mailto:x', undefined],
  ['/INBOX', undefined],
  ['/INBOX/;UID=0', undefined],
  ['/INBOX/;UID=x', undefined],
  ['/INBOX;UIDVALIDITY=0/;UID=1', undefined],
  [';UIDVALIDITY=1/;UID=1', undefined],
  ['/INBOX/;UID=1/;SECTION=0', undefined],
  ['/INBOX/;UID=1/;SECTION=1]', undefined],
  ['/INBOX/;UID=1/;SECTION=MIME', undefined],
  ['/INBOX/;UID=1/;SECTION=%0D%0A', undefined],
  ['/INBOX/;UID=1/;SECTION=%', undefined],
  ['/%FF/;UID=1', undefined],
  ['/INBOX/;UID=1/;PARTIAL=1.0', undefined],
  ['/INBOX/;UID=1;URLAUTH=anonymous', undefined],
  ['', undefined],
  [`/${'a'.repeat(5000)}/;UID=1`, undefined],
]

describe('parseImapUrl', () => {
  for (const [url, expected] of rows) {
    it(`${expected === undefined ? 'refuses' : 'reads'} ${url.slice(0, 80)}`, () => {
      const parsed = parseImapUrl(url, 'work/today')
      const { mailbox = 'selected', uidValidity = '-', uid, item } = parsed ?? {}
      const partial = item?.partial ? ` ${item.partial.start}+${item.partial.length}` : ''
      assert.equal(parsed && `${mailbox} ${uidValidity} ${uid} ${item?.label}${partial}`, expected)
    })
  }

  it('has nothing to be relative to where no mailbox is selected', () => {
    assert.equal(parseImapUrl(';UID=1', undefined), undefined)
    assert.equal(parseImapUrl('INBOX/;UID=1', undefined)?.mailbox, 'INBOX')
  })
})
