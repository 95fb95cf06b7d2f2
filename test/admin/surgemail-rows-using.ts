// What the page says of users: turning it on, reading, the recovery code, and what they gain.
import assert from 'node:assert/strict'
import { refuses, type SurgeChapter } from './surgemail-row.ts'
import { alice, marked, pass, session } from './surgemail-site.ts'

const everything = ['filed', 'first', 'sent']
const wrong = 'another password'

export const turningOn: SurgeChapter = {
  title: 'Turning it on, and what it does',
  rows: [
    {
      says: 'Single users can have their mail encrypted as it lies on the server.',
      here: '`letterlock atrest enable ADDR`, or the owner’s page; others are not touched.',
      difference: 'None.',
      async check(site) {
        await site.user()
        await site.user('bob@xyz.com')
        await site.encrypt()
        assert.equal((await site.accounts.info(alice)).atRest, 'on')
        assert.equal((await site.accounts.info('bob@xyz.com')).atRest, 'off')
        assert.deepEqual(await site.subjects(pass, 'bob@xyz.com'), everything)
      },
    },
    {
      says: 'All messages in all folders are encrypted with a public key.',
      here: 'So is all that was there before, with names of folders, flags, dates and the search text; new mail is sealed to the public key while nobody is logged in.',
      difference:
        'More is sealed than messages. Before it is turned on, mail is sealed as well, only that the site’s key opens it.',
      async check(site) {
        await site.user()
        assert.deepEqual(await site.onDisk(marked), [])
        await site.encrypt()
        await site.restart()
        await site.deliver('while locked')
        assert.deepEqual(await site.onDisk(marked, 'while locked'), [])
        assert.deepEqual(await site.subjects(), [...everything, 'while locked'])
      },
    },
    {
      says: 'It is decrypted only when the system has the real password, for the private key.',
      here: 'Only a login with the password (or an app password) opens the keys; the site’s key opens nothing any more.',
      difference: 'None.',
      async check(site) {
        await site.user()
        await (await site.accounts.openFor(alice, { kind: 'site' }, session)).close()
        await site.encrypt()
        await assert.rejects(
          site.accounts.openFor(alice, { kind: 'site' }, session),
          refuses('mail-would-be-lost'),
        )
        await assert.rejects(site.login(wrong), refuses('authentication-failed'))
        assert.deepEqual(await site.subjects(), everything)
      },
    },
    {
      says: 'The password is never stored on disk, so neither administrator nor agency can decode messages without it.',
      here: 'Nothing of it is stored but what Argon2id and the sealed key say of a guess; there is no hash beside it.',
      difference: 'None.',
      async check(site) {
        await site.user()
        await site.encrypt()
        await site.subjects()
        assert.deepEqual(await site.onDisk(pass), [])
      },
    },
    {
      says: 'The administrator must enable the feature first: `g_atrest_enable "true"`.',
      here: 'The line is understood in our settings: "true" is `policy = "offered"`, "false" is `policy = "off"`.',
      difference:
        'Without the line owners may turn it on; SurgeMail is off then. The policy can also be of a domain or an account (`atrest policy set`).',
      settings: 'g_atrest_enable = "false"',
      async check(site) {
        await site.user()
        await assert.rejects(site.encrypt(), refuses('not-permitted'))
        await site.restart('g_atrest_enable = "true"')
        await site.encrypt()
        await site.restart()
        assert.equal((await site.accounts.atRest.atRestStatus(alice)).policy, 'offered')
      },
    },
    {
      says: 'The user logs in on the web, chooses At Rest, and has to give the current password, to make sure that they know it.',
      here: 'The same on the owner’s page and by command; then the recovery code is shown and its last two groups are typed back before anything is encrypted.',
      difference: 'The code must be typed back: who has lost it already is not encrypted.',
      settings: 'g_atrest_enable = "true"',
      async check(site) {
        await site.user()
        const { atRest } = site.accounts
        await assert.rejects(atRest.offerEnable(alice, Buffer.from(wrong)), refuses('authentication-failed'))
        const { offerId, recoveryCode } = await atRest.offerEnable(alice, Buffer.from(pass))
        assert.equal((await site.accounts.info(alice)).atRest, 'off')
        await assert.rejects(
          atRest.acceptEnable(offerId, Buffer.from('AAAA-AAAA')),
          refuses('wrong-recovery-code'),
        )
        await (
          await atRest.acceptEnable(offerId, recoveryCode.subarray(-9))
        ).finished
        assert.equal((await site.accounts.info(alice)).atRest, 'on')
      },
    },
    {
      says: 'Upgrade to a certain version before turning it on; the newer page begins with an advice to back up existing mail.',
      here: 'Older mail is sealed anew one commit after another; an end in the middle loses nothing, and the next login goes on.',
      difference:
        'A backup is good advice and no condition: `test/account/job-kill.test.ts` kills it at any moment.',
      async check(site) {
        await site.user()
        const { finished } = await site.accounts.enableAtRest(alice, Buffer.from(pass))
        await site.close()
        await Promise.allSettled([finished])
        await site.restart()
        await site.visit()
        assert.equal((await site.accounts.info(alice)).atRest, 'on')
        assert.deepEqual(await site.subjects(), everything)
        assert.deepEqual((await site.accounts.verify(alice, Buffer.from(pass))).findings, [])
      },
    },
  ],
}

export const gains: SurgeChapter = {
  title: 'Advantages',
  rows: [
    {
      says: 'Somebody who gets at the file system sees no messages.',
      here: 'Nothing that can be read of mail is in the data directory, while it is used and afterwards.',
      difference: 'None.',
      async check(site) {
        await site.user()
        await site.encrypt()
        const open = await site.login()
        await site.deliver('meanwhile')
        assert.deepEqual(await site.onDisk(marked), [])
        await open.close()
        assert.deepEqual(await site.onDisk(marked), [])
      },
    },
    {
      says: 'An administrator who wants to look at messages cannot.',
      here: 'Every command that would look or set a password is refused with what can be done instead.',
      difference: 'None, as long as there is no admin recovery key (below).',
      async check(site) {
        await site.user()
        await site.encrypt()
        for (const line of [
          `message list ${alice} --site-key`,
          `atrest verify ${alice} --site-key`,
          `mailbox list ${alice} --site-key`,
        ])
          assert.equal((await site.letterlock(line)).exitCode, 65, line)
        const set = await site.letterlock(`user passwd ${alice} --password-file -`, wrong)
        assert.equal(set.exitCode, 65)
        assert.match(set.err, /atrest recover/)
        assert.deepEqual(await site.subjects(), everything)
      },
    },
    {
      says: 'An agency that takes the machine cannot decode messages.',
      here: 'Of a machine that is off, the whole disk with the site’s key opens nothing of such an account; the sealed export has no word of it.',
      difference: 'None.',
      async check(site) {
        await site.user()
        await site.encrypt()
        const pieces: Buffer[] = []
        for await (const piece of site.accounts.exportSealed(alice)) pieces.push(Buffer.from(piece))
        assert.ok(!Buffer.concat(pieces).includes(marked))
        assert.deepEqual(await site.onDisk(marked, pass), [])
      },
    },
  ],
}

export const code: SurgeChapter = {
  title: 'Recovery code',
  rows: [
    {
      says: 'Whoever turns encryption on is given a recovery code.',
      here: '28 letters and digits in seven groups, which find most typing errors by themselves.',
      difference:
        'It can be tested (`atrest code test`) and made anew (`atrest code regenerate`) at any time.',
      async check(site) {
        await site.user()
        const given = await site.encrypt()
        assert.match(given.toString(), /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/)
        const tested = await site.letterlock(`atrest code test ${alice} --code-file -`, given.toString())
        assert.equal(tested.exitCode, 0, tested.err)
      },
    },
    {
      says: 'The code is also mailed to the user.',
      here: 'By default a notice without the code; `[recovery] mail = "code"` mails it to the alternate address, `into_mailbox = true` into the mailbox too, as SurgeMail does.',
      difference:
        'Not by itself: a code beside the mail that it opens protects from nothing but the owner’s memory.',
      settings: '[recovery]\nmail = "code"\ninto_mailbox = true',
      async check(site) {
        await site.user()
        const given = (await site.encrypt()).toString()
        assert.ok((await site.text(/^Subject: Your recovery code\r$/m)).includes(given))
        assert.deepEqual(await site.onDisk(given), [])
        await site.restart()
        await site.user('bob@xyz.com')
        const other = (await site.encrypt('bob@xyz.com')).toString()
        assert.equal(await site.text(new RegExp(other), pass, 'bob@xyz.com'), '')
      },
    },
    {
      says: 'The user should print and keep it: when the password is lost it is the only way to set another without losing all messages.',
      here: '`atrest recover`, or the page: a new password, all mail, a new code; the old one is used up. A waiting time with a notice can be set.',
      difference: 'The used code is replaced at once.',
      async check(site) {
        await site.user()
        const given = await site.encrypt()
        const { recoveryCode } = await site.accounts.recover(alice, given, Buffer.from('found again'))
        for (const subject of everything) assert.ok((await site.subjects('found again')).includes(subject))
        await assert.rejects(site.login(), refuses('authentication-failed'))
        await assert.rejects(
          site.accounts.recover(alice, given, Buffer.from('x')),
          refuses('wrong-recovery-code'),
        )
        await site.accounts.recover(alice, recoveryCode, Buffer.from('and again'))
      },
    },
    {
      says: 'That does not apply if `g_atrest_all` is on.',
      here: 'Accounts that a login encrypted have no code until their owners ask for one, which a message tells them to do.',
      difference: 'They can have one: `atrest code regenerate`, or the page.',
      settings: 'g_atrest_enable = "true"\ng_atrest_all = "true"',
      async check(site) {
        await site.user()
        await site.visit()
        assert.equal((await site.accounts.atRest.atRestStatus(alice)).hasRecoveryCode, false)
        assert.match(await site.text(/now encrypted on the server/), /PLEASE GET YOUR RECOVERY CODE/)
        const { atRest } = site.accounts
        const { offerId, recoveryCode } = await atRest.offerRecoveryCode(alice, Buffer.from(pass))
        await atRest.acceptRecoveryCode(offerId, recoveryCode, Buffer.from(pass))
        await site.accounts.recover(alice, recoveryCode, Buffer.from('found again'))
        assert.ok((await site.subjects('found again')).includes('first'))
      },
    },
  ],
}
