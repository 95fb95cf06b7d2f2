// kill -9 in the middle of an import, and the same command again: everything once, in order.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { ImapSession } from '../support/imap-session.ts'
import { ServerProcess } from '../support/server-process.ts'
import { files, letter, temporary } from './support.ts'

const address = 'alice@example.org'
const password = 'a password to import with'
const messages = 1600
const kills = 2

interface Report {
  readonly added: number
  readonly present: number
  readonly left: number
  readonly isVerified: boolean
}

const subjects = (inbox: boolean): string[] =>
  Array.from({ length: messages }, (_, index) => index)
    .filter((index) => (index % 2 === 0) === inbox)
    .map((index) => `m${index}`)

async function listed(site: ServerProcess, mailbox: string): Promise<string[]> {
  using session = await ImapSession.login({ port: site.ports.imap }, address, password)
  await session.ok(`EXAMINE ${mailbox}`)
  const { untagged } = await session.ok('FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]')
  const fields = untagged.flatMap(({ literals }) => literals.map(String))
  return fields.flatMap((field) => /^Subject: (m\d+)/.exec(field)?.[1] ?? [])
}

describe('an import that is interrupted', () => {
  it('goes on where it was, and adds nothing twice', { timeout: 900_000 }, async (context) => {
    const root = await temporary(context)
    await files(
      root,
      Object.fromEntries(
        Array.from({ length: messages }, (_, index) => {
          const folder = index % 2 === 0 ? 'cur' : '.Old/cur'
          const body = `${'text of a letter '.repeat(100)}\n`
          return [
            join(folder, `${1_500_000_000 + index}.x:2,S`),
            [letter(`m${index}`, body), 1_500_000_000] as const,
          ]
        }),
      ),
    )
    await using site = await ServerProcess.start()
    await site.addUser(address, password)
    await site.enableAtRest(address, password)
    const importing = (): Promise<{ stdout: string }> =>
      site.command(['import', 'maildir', address, root, '--password-file', '-', '--json'], [password])
    for (let kill = 0; kill < kills; kill += 1) {
      const begun = importing().catch(() => undefined)
      // Not before the server has it: with no server the command would do it all by itself.
      await site.untilLogged('"import maildir"', kill + 1)
      await delay(700 + 400 * kill)
      await site.kill()
      // The command may open the idle store itself when it comes late: wait until it has ended.
      await begun
      await site.start()
    }
    const report = JSON.parse((await importing()).stdout) as Report
    assert.equal(report.added + report.present, messages)
    assert.deepEqual([report.left, report.isVerified], [0, true])
    context.diagnostic(`${report.present} of ${messages} were there after ${kills} kills`)
    assert.deepEqual(await listed(site, 'INBOX'), subjects(true))
    assert.deepEqual(await listed(site, 'Old'), subjects(false))
    const again = JSON.parse((await importing()).stdout) as Report
    assert.deepEqual([again.added, again.present], [0, messages])
    const verified = await site.command(
      ['atrest', 'verify', address, '--password-file', '-', '--json'],
      [password],
    )
    assert.match(verified.stdout, /"findingCount":0/)
  })
})
