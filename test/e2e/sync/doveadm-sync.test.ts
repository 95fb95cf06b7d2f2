// doveadm, Dovecot's own tool for moving accounts, takes everything out of Letterlock by IMAP into a new store of Dovecot's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DovecotProcess, skipWithoutDovecot } from '../../support/dovecot.ts'
import { ImapSession } from '../../support/imap-session.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { loadCorpus } from '../corpus.ts'
import { mailboxNames, readMailbox } from './account-contents.ts'

const address = 'alice@example.org'
const password = 'a password to move with'
const nonAscii = ['M&APw-ller &- S&APY-hne', 'M&APw-ller &- S&APY-hne/&ZeVnLIqe-', 'Plain/below/twice']
const flagSets = ['', '\\Seen', '\\Answered \\Flagged', '\\Draft', '\\Deleted $Forwarded', 'Work \\Seen']

interface Copy {
  readonly uid: number
  readonly flags: string
  readonly instant: number
  readonly text: string
}

/** Every mailbox that is not empty with its UIDVALIDITY, and every message with its UID, flags, keywords, date and octets. */
async function everything(session: ImapSession): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const name of (await mailboxNames(session)).sort()) {
    const items = await readMailbox(session, name)
    if (items.length === 0) continue
    const { untagged } = await session.ok(`STATUS "${name}" (UIDVALIDITY MESSAGES)`)
    const uidValidity = untagged.map(({ text }) => /UIDVALIDITY (\d+)/.exec(text)?.[1]).find(Boolean)
    const copies = items.map(({ uid, allFlags, internalDate, text }): Copy => {
      return { uid, flags: allFlags, instant: Date.parse(internalDate), text }
    })
    found[name] = { uidValidity, copies }
  }
  return found
}

/** Messages that Dovecot stores as they are: it takes no CR out of none of them. */
function messages(): Buffer[] {
  return loadCorpus()
    .messages.filter(({ name, bytes }) => /^\d{3}-/.test(name) && bytes.length > 0)
    .map(({ bytes }) => bytes)
    .filter((bytes) => !/\0|\r(?!\n)/.test(bytes.toString('latin1')))
}

test(
  'doveadm takes a whole account over, twice, with changes in between',
  { skip: skipWithoutDovecot(), timeout: 900_000 },
  async () => {
    await using site = await ServerProcess.start()
    await site.addSealedUser(address, password)
    await using dovecot = await DovecotProcess.start(
      [{ address, password }],
      `mail_fsync = never
imapc_host = 127.0.0.1
imapc_port = ${site.ports.imap}
imapc_user = ${address}
imapc_password = ${password}
imapc_features = rfc822.size fetch-headers
`,
    )
    const ours = await ImapSession.login({ port: site.ports.imap }, address, password)
    const sent = messages()
    for (const name of nonAscii.slice(1)) await ours.ok(`CREATE "${name}"`)
    for (const [index, bytes] of sent.entries()) {
      const mailbox = ['INBOX', ...nonAscii, 'Archive'][index % 5] ?? ''
      const date = `${String(1 + (index % 28)).padStart(2)}-Mar-2019 23:30:00 ${index % 2 ? '+0930' : '-0500'}`
      await ours.ok(`APPEND "${mailbox}" (${flagSets[index % flagSets.length] ?? ''}) "${date}" `, bytes)
    }
    const takeOver = async (): Promise<void> => {
      await dovecot.doveadm(['backup', '-R', '-u', address, 'imapc:'])
      const theirs = await ImapSession.login({ port: dovecot.imapPort }, address, password)
      assert.deepEqual(await everything(theirs), await everything(ours))
      await theirs.logout()
    }

    await takeOver()
    const { untagged } = await ours.ok('STATUS INBOX (MESSAGES)')
    assert.match(untagged.map(({ text }) => text).join(), /MESSAGES [1-9]/)

    // Changes of every kind.
    await ours.ok('SELECT INBOX')
    await ours.ok('STORE 1 FLAGS (\\Seen New-Keyword)')
    await ours.ok('STORE 2 +FLAGS (\\Deleted)')
    await ours.ok('EXPUNGE')
    await ours.ok(`MOVE 2 "${nonAscii[1] ?? ''}"`)
    await ours.ok('COPY 1 Archive')
    await ours.ok(`RENAME "${nonAscii[0] ?? ''}" "K&APY-ln"`)
    await ours.ok('CREATE New/one')
    await ours.ok('APPEND New/one (\\Flagged) ', sent[0] ?? Buffer.alloc(0))
    await ours.ok('APPEND INBOX () ', sent[1] ?? Buffer.alloc(0))
    await takeOver()

    // And nothing at all.
    await takeOver()
    await ours.logout()
  },
)
