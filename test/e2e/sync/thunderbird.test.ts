// Thunderbird's commands on five connections, closed and opened again while the account changes.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ImapSession } from '../../support/imap-session.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { mailboxNames, readMailbox } from './account-contents.ts'
import { Thunderbird } from './thunderbird.ts'

const address = 'thunderbird@example.org'
const password = 'a password for a bird'

function message(name: string, lines: number = 1): string {
  return `From: a@sender.test\r\nSubject: ${name}\r\n\r\n${`A line of ${name}.\r\n`.repeat(lines)}`
}

test('Thunderbird’s offline copy is the account, again and again', { timeout: 900_000 }, async () => {
  await using site = await ServerProcess.start()
  await site.addSealedUser(address, password)
  const session = await ImapSession.login({ port: site.ports.imap }, address, password)
  const append = async (mailbox: string, name: string, flags: string = '', lines?: number): Promise<void> => {
    await session.ok(`APPEND "${mailbox}" (${flags}) `, Buffer.from(message(name, lines)))
  }
  for (const name of ['K&APY-ln', 'Lists/one', 'Lists/two']) {
    await session.ok(`CREATE "${name}"`)
    await session.ok(`SUBSCRIBE "${name}"`)
    for (let number = 0; number < 5; number += 1) await append(name, `${number}`, number % 2 ? '\\Seen' : '')
  }
  // Longer than a piece, and of exactly two pieces.
  await append('INBOX', 'long', '', 5_000)
  await append('INBOX', 'whole', '', 1_000)
  await session.ok('APPEND INBOX () ', Buffer.from(message('exact').padEnd(39_998, 'x') + '\r\n'))

  const ca = await readFile(join(site.dataDir, 'tls/cert.pem'), 'utf8')
  const bird = new Thunderbird({ port: site.ports.imaps, ca }, { address, password })
  const assertAlike = async (): Promise<void> => {
    const far: typeof bird.contents = {}
    for (const name of (await mailboxNames(session)).sort()) {
      const items = await readMailbox(session, name)
      if (items.length > 0) far[name] = items.map(({ uid, allFlags, text }) => [uid, allFlags, text])
    }
    // With UTF8=ACCEPT the same names are in UTF-8.
    const here = Object.entries(bird.contents).map(([name, items]) => [
      name.replace('Köln', 'K&APY-ln'),
      items,
    ])
    assert.deepEqual(Object.fromEntries(here), far)
    await session.ok('UNSELECT')
  }

  await bird.start()
  await assertAlike()
  // Its user works: reads, stars, tags, deletes into the trash, empties it, sends.
  await bird.act('INBOX', 'uid store 1 +Flags (\\Seen)', 'uid store 2 +Flags (\\Flagged $label1)')
  await bird.act('Lists/one', 'uid move 2:3 "Trash"')
  await bird.act('Lists/two', 'uid copy 1,5 "Archive"', 'uid store 1 +Flags (\\Deleted)', 'uid expunge 1')
  await bird.append('Sent', '\\Seen', message('sent'))
  await bird.stop()

  // Somebody else does, while it is closed.
  await session.ok('SELECT "K&APY-ln"')
  await session.ok('UID STORE 1 +FLAGS (\\Deleted)')
  await session.ok('UID EXPUNGE 1')
  await session.ok('UID STORE 2 FLAGS (\\Answered)')
  await append('K&APY-ln', 'new', '\\Flagged')
  await append('INBOX', 'newer')
  await session.ok('UNSELECT')

  for (let round = 0; round < 2; round += 1) {
    await bird.start()
    await assertAlike()
    await bird.stop()
  }
  await session.logout()
})
