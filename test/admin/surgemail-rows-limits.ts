// What the page says that encryption cannot protect from.
import assert from 'node:assert/strict'
import { ConfigError } from '../../src/config/problems.ts'
import { loadConfig } from '../../src/config/load.ts'
import { allSettings } from '../../src/config/tree.ts'
import { refuses, type SurgeChapter } from './surgemail-row.ts'
import { alice, marked, own, pass, session } from './surgemail-site.ts'

export const limitations: SurgeChapter = {
  title: 'What it cannot protect from',
  rows: [
    {
      says: 'A password that can be guessed, by a dictionary or by millions of tries, opens the mail: take a complex one.',
      here: 'The same. Each guess on the disk costs Argon2id (64 MiB, three passes, raised at logins when the site wants more); guesses at the door are slowed for account and network; the recovery code has 128 random bits.',
      difference: 'Guessing is made dear; a bad password stays bad. `--generate` makes good ones.',
      async check(site) {
        const { memory, time } = loadConfig({}).atrest.kdf
        assert.deepEqual([memory, time], [64 * 2 ** 20, 3])
        await site.user()
        await site.encrypt()
        const { slots } = await site.accounts.info(alice)
        assert.equal(slots.find(({ kind }) => kind === 'password')?.kdf?.memoryKiB, 19 * 1024)
        await site.restart('[atrest.kdf]\nmemory = "64M"')
      },
    },
    {
      says: 'Sometimes the server writes unencrypted messages to temporary files before it shows them.',
      here: 'Never: messages are held in memory and streamed from their sealed bodies.',
      difference:
        'This limitation is not there. `test/e2e/canary.test.ts` searches the disk and the memory of a whole life.',
      async check(site) {
        await site.user()
        await site.encrypt()
        const open = await site.login()
        for (const { name } of open.mailboxes()) {
          const box = await open.select(name, { isReadOnly: true })
          for await (const content of box.contents(box.uids()))
            for await (const piece of content.read(0, content.sizeBytes)) {
              assert.ok(piece.includes(marked))
              assert.deepEqual(await site.onDisk(marked), [])
            }
          box.close()
        }
        await open.close()
      },
    },
    {
      says: 'The administrator can switch on features that keep copies of all messages; normal archiving is switched off by itself.',
      here: 'There is no such feature: no setting keeps or sends copies, and a delivery goes to the accounts that the address stands for.',
      difference: 'Whoever controls the program can change it, as THREATS.md says; no setting does.',
      async check() {
        assert.deepEqual(
          allSettings.filter(({ name }) => /archiv|copy|copies|bcc|journal|legal/.test(name)),
          [],
        )
        for (const text of ['g_archive = "true"', '[archive]\nenable = true'])
          assert.throws(() => loadConfig({ text }), ConfigError)
      },
    },
    {
      says: 'So stop using the server when its administrator is compromised.',
      here: 'The same, and the owner (or anybody who may) can lock the account at once: every session ends and its keys are wiped. Mail can also be sealed to a key that only the owner’s program has (`atrest pubkey`).',
      difference: 'None for mail that is read while the server is in wrong hands.',
      async check(site) {
        await site.user()
        await site.encrypt()
        const ended: string[] = []
        await site.accounts.login(alice, Buffer.from(pass), {
          ...session,
          end: (reason) => void ended.push(reason),
        })
        assert.equal(await site.accounts.lock(alice, 'the machine may be in wrong hands'), 1)
        assert.deepEqual([ended.length, (await site.accounts.info(alice)).isUnlocked], [1, false])
        await site.deliver('still comes')
        assert.deepEqual(await site.onDisk(marked), [])
      },
    },
    {
      says: 'A mail program may have stored the password: whoever gets at it is in at once, so do not let it.',
      here: 'Programs get app passwords: made for one program, good for reading or sending, revoked at once; `user main-password ADDR web-only` keeps the main password out of programs.',
      difference: 'A lost phone costs one app password, and no change of the main one.',
      async check(site) {
        await site.user()
        await site.encrypt()
        const { slots } = site.accounts
        const { appPassword, text } = await slots.addAppPassword(alice, own(), {
          name: 'phone',
          protocols: ['imap'],
        })
        const phone = text.toString()
        await slots.setMainPasswordUse(alice, own(), 'web-only')
        await assert.rejects(site.login(), refuses('not-accepted-here'))
        assert.ok((await site.subjects(phone)).includes('first'))
        const revoked = await site.letterlock(`app-password revoke ${alice} ${appPassword.id} --yes`)
        assert.equal(revoked.exitCode, 0, revoked.err)
        await assert.rejects(site.login(phone), refuses('authentication-failed'))
      },
    },
  ],
}
