// LMTP and SMTP dialogues made wrong, octet by octet: replies keep their form, nothing is taken for a message that is none, and
// the door stays open for others.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { breathe, within } from '../../src/base/async.ts'
import { makeRandom, mayGoOn, seed } from '../imap/fuzz/budget.ts'
import { inPieces, mutate } from '../imap/fuzz/mutate.ts'
import { beginData, openDoor, type OpenDoor } from './open-door.ts'
import { closed } from '../support/closed.ts'

const patienceMs = 300_000
const message =
  'From: a@b.example\r\nSubject: one\r\n\r\n.one dot\r\n..two\r\n.\rbare\n.\n.\r\r\n\r.\r\nlast\r\n.\r\n'
const dialogues: Record<'lmtp' | 'smtp', readonly string[]> = {
  lmtp: [
    `LHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\nRCPT TO:<bob+x@example.org>\r\nDATA\r\n${message}QUIT\r\n`,
    `LHLO x\r\nMAIL FROM:<> SIZE=99 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<"a b"@example.org>\r\nDATA\r\n${message}RSET\r\nNOOP\r\n`,
    'LHLO [127.0.0.1]\r\nMAIL FROM:<a@b>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\nVRFY a\r\nHELP\r\nSTARTTLS\r\nQUIT\r\n',
    `LHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<deliver-over-quota@example.org>\r\nRCPT TO:<fault@example.org>\r\nDATA\r\n${message}`,
  ],
  smtp: [
    `EHLO x\r\nMAIL FROM:<a@b.example> SIZE=100\r\nRCPT TO:<alice@example.org> NOTIFY=NEVER\r\nDATA\r\n${message}QUIT\r\n`,
    `HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ALICE@B\u00dcCHER.example>\r\nDATA\r\n${message}MAIL FROM:<>\r\nRSET\r\nQUIT\r\n`,
    'EHLO x\r\nAUTH PLAIN AGEAYg==\r\nBDAT 5 LAST\r\nabcdeMAIL FROM:<a@b>\r\nRCPT TO:<a@elsewhere.example>\r\nQUIT\r\n',
  ],
}

/** What came back, all of it, after one dialogue. */
async function converse(open: OpenDoor, bytes: Buffer, random: (below: number) => number): Promise<string> {
  const peer = await open.connect()
  let received = ''
  peer.socket.on('data', (chunk: string) => (received += chunk))
  await peer.reply()
  const isPatient = random(2) === 0
  for (const piece of inPieces(bytes, random)) {
    peer.write(piece)
    if (isPatient) await breathe()
  }
  if (random(8) === 0) peer.socket.resetAndDestroy()
  else peer.socket.end()
  if (
    !(await within(
      closed(peer.socket).then(() => true),
      patienceMs,
    ))
  )
    throw new Error('the connection outlives its client')
  return received
}

// The SMTP library lets a tenth of a second pass before it greets.
for (const [dialect, rounds] of [
  ['lmtp', 300],
  ['smtp', 50],
] as const) {
  describe(`${dialect} dialogues with wrong octets`, () => {
    it(`are answered or ended, and harm nobody (seed ${seed})`, async () => {
      const startedAt = Date.now()
      let most = 0
      await using open = await openDoor({ dialect, messageBytes: 20_000, memoryBytes: 100_000 })
      for (let count = 0; mayGoOn(count, rounds, startedAt); count += 1) {
        const random = makeRandom(seed + count)
        const pick = (): Buffer =>
          Buffer.from(dialogues[dialect][random(dialogues[dialect].length)] ?? '', 'latin1')
        const bytes = mutate(pick(), pick(), random)
        const about = `dialogue ${count}: ${JSON.stringify(bytes.toString('latin1').slice(0, 2000))}`
        const received = await converse(open, bytes, random)
        assert.match(received, /^((\d{3}-[^\r\n]*\r\n)*\d{3}( [^\r\n]*)?\r\n)*$/, about)
        // RFC 5321 §4.1.1.4: only CRLF.CRLF ends a message; each end is one message to each recipient. One may still be on
        // its way when its client has gone, so it is the sum that counts.
        const text = bytes.toString('latin1').toUpperCase()
        most += (text.split('\r\n.\r\n').length - 1) * (text.split('RCPT').length - 1)
        assert.ok(open.accounts.delivered.length <= most, about)
      }
      while (open.desk.heldBytes > 0) await breathe()
      for (const given of open.accounts.given) assert.ok(given.every((octet) => octet === 0))
      assert.deepEqual(
        // In the event: a session's name is random, and may spell anything.
        open.lines.filter((line) => /"event":"[^"]*(?:crash|uncaught)/.test(line)),
        [],
      )
      // All memory was given back: a message that needs most of it is taken.
      open.accounts.delivered.length = 0
      const peer = await open.greeted()
      await beginData(peer, ['alice@example.org'])
      peer.write(`Subject: after\r\n\r\n${'x\r\n'.repeat(6000)}.\r\n`)
      assert.match((await peer.reply()) ?? '', /^250 /)
      assert.equal(open.accounts.delivered.length, 1)
    })
  })
}
