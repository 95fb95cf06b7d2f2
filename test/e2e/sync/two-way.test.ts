// Programs that carry changes both ways, run again and again while both sides change: nothing is lost, doubled or altered.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ImapSession } from '../../support/imap-session.ts'
import { skipWithout } from '../../support/programs.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { loadCorpus } from '../corpus.ts'
import { makeHome, type Login } from '../mail-programs.ts'
import {
  type Contents,
  type Maildir,
  mailboxNames,
  readAccount,
  readMailbox,
  readMaildirs,
  withoutOwnFields,
} from './account-contents.ts'
import { twoWayPrograms, type TwoWayProgram } from './two-way-programs.ts'

const password = 'a password for two ways'
// Müller & Söhne/Rechnungen 2026
const nonAscii = 'M&APw-ller &- S&APY-hne/Rechnungen 2026'

/** Messages that the program carries as they are: with a header that ends, without CRs and NULs within lines. */
function messages({ carries }: TwoWayProgram): Buffer[] {
  const plain = loadCorpus()
    .messages.filter(({ name }) => /^\d{3}-/.test(name) && carries.test(name))
    .map(({ bytes }) => bytes)
    .filter((bytes) => {
      const text = bytes.toString('latin1')
      return text.includes('\r\n\r\n') && !text.startsWith('\r\n') && !/\0|\r(?!\n)/.test(text)
    })
  const large = Buffer.from(`Subject: large\r\n\r\n${'A long line of a large message.\r\n'.repeat(20_000)}`)
  return [...plain, large]
}

function numbered(number: string): Buffer {
  return Buffer.from(
    `Subject: message ${number}\r\nMessage-ID: <${number}@two-way.test>\r\n\r\nBody ${number}\r\n`,
  )
}

/** Finds the UID of the message with `needle` in the mailbox, which is selected afterwards. */
async function uidOf(session: ImapSession, mailbox: string, needle: string): Promise<number> {
  const found = (await readMailbox(session, mailbox)).find(({ text }) => text.includes(needle))
  return found?.uid ?? assert.fail(`no ${needle} in ${mailbox}`)
}

/** The account as it should look to both: what programs write into messages they carry is left out. */
function plain(contents: Contents): Contents {
  return Object.fromEntries(
    Object.entries(contents).map(([name, items]) => [
      name,
      items.map(({ text, flags }) => ({ text: withoutOwnFields(text), flags })),
    ]),
  )
}

suite('programs that carry changes both ways', { timeout: 900_000 }, () => {
  let site: ServerProcess
  before(async () => {
    site = await ServerProcess.start()
  })
  after(() => site[Symbol.asyncDispose]())

  for (const program of twoWayPrograms)
    test(
      `${program.name}: three runs, with changes on both sides`,
      { skip: skipWithout(program.program) },
      () => carryBothWays(site, program),
    )
})

async function carryBothWays(site: ServerProcess, program: TwoWayProgram): Promise<void> {
  const address = `${program.program}@example.org`
  await site.addSealedUser(address, password)
  using session = await ImapSession.login({ port: site.ports.imap }, address, password)
  const caFile = join(site.dataDir, 'tls/cert.pem')
  const login: Login = { imapsPort: site.ports.imaps, caFile, address, password }
  const home = await makeHome(site.root, program.program, login)
  await program.prepare(login, home)
  const near = (name: string): Maildir => program.maildir(home, name)

  const sent = messages(program)
  await session.ok(`CREATE "${nonAscii}"`)
  for (const [index, bytes] of sent.entries())
    await session.ok(`APPEND INBOX (${index % 2 ? '\\Seen' : ''}) " 1-Feb-2020 03:04:05 +0100" `, bytes)
  for (let number = 0; number < 12; number += 1)
    await session.ok(
      `APPEND "${nonAscii}" (${number % 3 ? '\\Flagged \\Answered' : ''}) `,
      numbered(`far-${String(number).padStart(2, '0')}`),
    )

  const assertAlike = async (): Promise<Contents> => {
    const names = await mailboxNames(session)
    const [far, here] = [
      plain(await readAccount(session)),
      await readMaildirs(new Map(names.map((name) => [name, near(name)]))),
    ]
    assert.deepEqual(here, far)
    return far
  }

  await program.sync(home)
  const first = await assertAlike()
  assert.equal(first['INBOX']?.length, sent.length)
  assert.equal(first[nonAscii]?.length, 12)

  // Changes here ...
  await near(nonAscii).setFlags('Body far-00', 'FS')
  await near(nonAscii).setFlags('Body far-01', '')
  await near(nonAscii).remove('Body far-02')
  await near('INBOX').add('new', numbered('near-new').toString('latin1').replaceAll('\r\n', '\n'), 'S')
  await near('Archive').add('kept', numbered('near-kept').toString('latin1').replaceAll('\r\n', '\n'), 'FRS')
  // ... and there, at the same mailboxes.
  const removed = await uidOf(session, nonAscii, 'Body far-03')
  await session.ok(`UID STORE ${removed} +FLAGS.SILENT (\\Deleted)`)
  await session.ok(`UID EXPUNGE ${removed}`)
  await session.ok(`UID STORE ${await uidOf(session, nonAscii, 'Body far-04')} FLAGS (\\Draft)`)
  await session.ok(`UID MOVE ${await uidOf(session, nonAscii, 'Body far-05')} Archive`)
  await session.ok(`UID COPY ${await uidOf(session, nonAscii, 'Body far-06')} INBOX`)
  await session.ok(`APPEND INBOX () `, numbered('far-new'))
  await session.ok('CREATE Later')
  await session.ok(`APPEND Later (\\Seen) `, numbered('far-later'))

  await program.sync(home)
  const second = await assertAlike()
  assert.equal(second['INBOX']?.length, sent.length + 3)
  const texts = (name: string): string[] =>
    (second[name] ?? []).map(({ text, flags }) => `${/Body (\S+)/.exec(text)?.[1] ?? ''} ${flags}`).sort()
  assert.deepEqual(texts('Archive'), ['far-05 \\Answered \\Flagged', 'near-kept \\Answered \\Flagged \\Seen'])
  assert.deepEqual(texts('Later'), ['far-later \\Seen'])
  assert.deepEqual(texts(nonAscii), [
    'far-00 \\Flagged \\Seen',
    'far-01 ',
    'far-04 \\Draft',
    'far-06 ',
    'far-07 \\Answered \\Flagged',
    'far-08 \\Answered \\Flagged',
    'far-09 ',
    'far-10 \\Answered \\Flagged',
    'far-11 \\Answered \\Flagged',
  ])

  // Nothing has changed: nothing may change.
  await program.sync(home)
  assert.deepEqual(await assertAlike(), second)
}
