// A mailbox of 50,000 messages: opened again by a second login, and after a restart.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ImapSession, type ImapAnswer } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { ServerProcess } from '../support/server-process.ts'

const address = 'collector@example.org'
const password = 'a password for much mail'
const wanted = Number(process.env['LETTERLOCK_LARGE_MAILBOX'] ?? 50_000)
const first = 50

function numberIn({ untagged }: ImapAnswer, pattern: RegExp): number | undefined {
  const found = untagged.map(({ text }) => pattern.exec(text)?.[1]).find((number) => number !== undefined)
  return found === undefined ? undefined : Number(found)
}

test(`opens a mailbox of ${wanted} messages whole`, { timeout: 900_000 }, async (t) => {
  await using site = await ServerProcess.start()
  await site.addSealedUser(address, password)
  using delivery = await LmtpSession.connect(site.ports.lmtp)
  for (let number = 0; number < first; number++) {
    const message = Buffer.from(`Subject: number ${number}\r\n\r\nA small message.\r\n`)
    await delivery.mustDeliver({ from: 'a@sender.test', to: address, message })
  }

  const login = (): Promise<ImapSession> => ImapSession.login({ port: site.ports.imap }, address, password)
  {
    using session = await login()
    await session.ok('SELECT INBOX')
    const begun = performance.now()
    for (let have = first; have < wanted;) {
      const count = Math.min(have, wanted - have)
      await session.ok(`COPY 1:${count} INBOX`)
      have += count
    }
    t.diagnostic(`filled by COPY in ${Math.round(performance.now() - begun)} ms`)
    await session.logout()
  }

  const open = async (when: string): Promise<void> => {
    const begun = performance.now()
    using session = await login()
    const loggedIn = performance.now()
    const selected = await session.ok('SELECT INBOX')
    const opened = performance.now()
    t.diagnostic(
      `${when}: LOGIN ${Math.round(loggedIn - begun)} ms, SELECT ${Math.round(opened - loggedIn)} ms`,
    )
    assert.equal(numberIn(selected, /^\* (\d+) EXISTS/), wanted)
    assert.equal(numberIn(selected, /UIDNEXT (\d+)/), wanted + 1)
    const { untagged } = await session.ok(`FETCH 1,${wanted} (UID BODY.PEEK[TEXT])`)
    assert.deepEqual(
      untagged.map(({ text, literals }) => [/UID (\d+)/.exec(text)?.[1], literals[0]?.toString()]),
      [1, wanted].map((uid) => [String(uid), 'A small message.\r\n']),
    )
    const all = performance.now()
    const listed = await session.ok('UID FETCH 1:* (FLAGS)')
    t.diagnostic(`${when}: flags of all in ${Math.round(performance.now() - all)} ms`)
    const uids = listed.untagged.map(({ text }) => Number(/UID (\d+)/.exec(text)?.[1]))
    assert.deepEqual(
      uids,
      Array.from({ length: wanted }, (_, index) => index + 1),
    )
    await session.logout()
  }
  await open('second login')
  await open('third login')
  await site.restart()
  await open('login after a restart')
})
