// What the page says of administrators: the recovery password, its commands, and the settings around them.
import assert from 'node:assert/strict'
import { isRefusal } from '../../src/account/errors.ts'
import { refuses, type SurgeChapter } from './surgemail-row.ts'
import { adminPass, alice, byAdmin, own, pass, session } from './surgemail-site.ts'

const everything = ['filed', 'first', 'sent']
const fresh = 'NewPassword'
const old = (text: string): Buffer[] => [Buffer.from(text)]

export const adminRecovery: SurgeChapter = {
  title: 'Admin recovery',
  rows: [
    {
      says: '`tellmail atrest_admin YourSecretPassword` sets a password of the administrator that decrypts everybody’s mail.',
      here: 'The same words, or `letterlock atrest admin set`, which asks. Accounts get a slot for the key: those that turn encryption on at once, others at their next login.',
      difference:
        'A secret among the words is warned about and taken off the list of processes. Owners find in their trail that there is such a key. It may be split among admins.',
      async check(site) {
        await site.user()
        await site.encrypt()
        const set = await site.tellmail(`atrest_admin ${adminPass}`)
        assert.equal(set.exitCode, 0, set.err)
        await site.visit()
        assert.ok((await site.accounts.info(alice)).slots.some(({ kind }) => kind === 'escrow'))
        const trail = await site.accounts.trail.trail(alice, own())
        assert.ok(trail.some(({ kind }) => kind === 'admin-recovery-added'))
        const again = await site.tellmail(`atrest_admin ${adminPass}`)
        assert.deepEqual([again.exitCode, /letterlock atrest admin passwd/.test(again.err)], [65, true])
        assert.deepEqual(await site.onDisk(adminPass), [])
      },
    },
    {
      says: 'The administrator must never forget this password: it cannot be changed or reset (the newer page: “cannot be changed later”).',
      here: '`atrest admin passwd` changes it, `atrest admin test` tries it, `atrest admin remove` takes the key away, with every slot for it.',
      difference:
        'All three are missing in SurgeMail. A forgotten one is replaced by removing the key by force and setting another.',
      async check(site) {
        await site.user()
        await site.tellmail(`atrest_admin ${adminPass}`)
        await site.encrypt()
        const { escrow } = site.accounts
        await escrow.changeEscrowPassword(old(adminPass), old(fresh))
        await assert.rejects(escrow.testEscrow(old(adminPass)), refuses('wrong-admin-password'))
        await escrow.testEscrow(old(fresh))
        await site.accounts.escrow.escrowResetPassword(alice, old(fresh), Buffer.from('by admin'))
        await escrow.removeEscrow(undefined)
        await site.visit(alice, 'by admin')
        assert.ok(!(await site.accounts.info(alice)).slots.some(({ kind }) => kind === 'escrow'))
        await escrow.setEscrow(old('another'))
      },
    },
    {
      says: '`tellmail atrest_admin_decrypt user@xyz.com YourSecretPassword` decrypts a user’s folders, for example when they forgot their password.',
      here: 'The same words, or `letterlock atrest admin decrypt`: the site’s key opens the account again, and a password can be set.',
      difference:
        'The owner sees it: a line in the audit log before, an entry in the trail, a message in the mailbox. A wrong admin password changes nothing.',
      async check(site) {
        await site.user()
        await site.tellmail(`atrest_admin ${adminPass}`)
        await site.encrypt()
        assert.equal((await site.tellmail(`atrest_admin_decrypt ${alice} Wrong`)).exitCode, 65)
        assert.equal((await site.accounts.info(alice)).atRest, 'on')
        const done = await site.tellmail(`atrest_admin_decrypt ${alice} ${adminPass}`)
        assert.equal(done.exitCode, 0, done.err)
        assert.equal((await site.accounts.info(alice)).atRest, 'off')
        await site.tellmail(`change_pass ${alice} ${fresh}`)
        for (const subject of everything) assert.ok((await site.subjects(fresh)).includes(subject))
        const trail = await site.accounts.trail.trail(alice, own(fresh))
        assert.ok(trail.some(({ kind }) => kind === 'decrypted-by-admin'))
        assert.match((await site.letterlock('audit show')).out, /escrow\.used/)
      },
    },
    {
      says: '`tellmail atrest_set_user_pass user newpassword secret` (on the newer page) sets a user’s password with the administrator’s.',
      here: 'The same words, or `letterlock atrest admin reset-password`: the mail stays, and stays encrypted.',
      difference: 'Seen by the owner as above.',
      async check(site) {
        await site.user()
        await site.tellmail(`atrest_admin ${adminPass}`)
        await site.encrypt()
        const done = await site.tellmail(`atrest_set_user_pass ${alice} ${fresh} ${adminPass}`)
        assert.equal(done.exitCode, 0, done.err)
        assert.equal((await site.accounts.info(alice)).atRest, 'on')
        for (const subject of everything) assert.ok((await site.subjects(fresh)).includes(subject))
        await assert.rejects(site.login(pass), refuses('authentication-failed'))
        const trail = await site.accounts.trail.trail(alice, own(fresh))
        assert.ok(trail.some(({ kind }) => kind === 'password-reset-by-admin'))
      },
    },
    {
      says: 'With that password set, `g_atrest_all "true"` encrypts everybody at their next login, which costs performance at first.',
      here: 'The line is understood: `policy = "all"`. The login is answered at once, older mail is sealed behind it, and the mailbox is in use meanwhile.',
      difference:
        'It works without an admin password too: owners are told that nobody else can open their mail, and to get a code.',
      settings: 'g_atrest_enable = "true"\ng_atrest_all = "true"',
      async check(site) {
        await site.tellmail(`atrest_admin ${adminPass}`)
        await site.user()
        await site.visit()
        const { atRest, slots } = await site.accounts.info(alice)
        assert.deepEqual([atRest, slots.some(({ kind }) => kind === 'escrow')], ['on', true])
        for (const subject of everything) assert.ok((await site.subjects()).includes(subject))
      },
    },
    {
      says: '`g_atrest_crazy "true"` disables the administrator’s decryption, for more security.',
      here: 'The line is understood: `admin_recovery = false`. No account gets a slot, and slots that are there go when their accounts next open.',
      difference:
        'It can be of a domain or an account: `atrest policy set ADDR --admin-recovery forbidden`. The owner sees whether such a slot is there.',
      async check(site) {
        await site.user()
        await site.tellmail(`atrest_admin ${adminPass}`)
        await site.encrypt()
        await site.restart('g_atrest_enable = "true"\ng_atrest_crazy = "true"')
        await site.visit()
        assert.ok(!(await site.accounts.info(alice)).slots.some(({ kind }) => kind === 'escrow'))
        const refused = await site.tellmail(`atrest_admin_decrypt ${alice} ${adminPass}`)
        assert.equal(refused.exitCode, 65)
        await assert.rejects(site.accounts.openFor(alice, byAdmin(), session), refuses('mail-would-be-lost'))
        assert.equal((await site.accounts.atRest.atRestStatus(alice)).adminRecovery, 'forbidden')
      },
    },
    {
      says: 'Where `g_atrest_crazy` is not defined, the administrator’s password can be used for accounts that `g_atrest_all` encrypted.',
      here: 'So it is.',
      difference: 'None.',
      settings: 'g_atrest_enable = "true"\ng_atrest_all = "true"',
      async check(site) {
        await site.tellmail(`atrest_admin ${adminPass}`)
        await site.user()
        await site.visit()
        const done = await site.tellmail(`atrest_set_user_pass ${alice} ${fresh} ${adminPass}`)
        assert.equal(done.exitCode, 0, done.err)
        assert.ok((await site.subjects(fresh)).includes('first'))
      },
    },
  ],
}

export const disadvantages: SurgeChapter = {
  title: 'Disadvantages',
  rows: [
    {
      says: 'Who forgets the password and loses the recovery code loses all mail: the administrator cannot reset the password and get at the files.',
      here: 'The same without an admin recovery key, and it is said before: whoever turns it on reads so. A password set all the same locks the mail and loses nothing: the old one, remembered later, opens it.',
      difference: 'Nothing is deleted by forgetting.',
      async check(site) {
        await site.user()
        await site.encrypt()
        assert.equal((await site.tellmail(`change_pass ${alice} ${fresh}`)).exitCode, 65)
        const locked = await site.letterlock(
          `user passwd ${alice} --lock-mail --yes --password-file -`,
          fresh,
        )
        assert.equal(locked.exitCode, 0, locked.err)
        await site.deliver('kept')
        await site.accounts.lockedMail.unlockMail(alice, own(), Buffer.from(fresh))
        const found = await site.subjects(fresh)
        for (const subject of [...everything, 'kept']) assert.ok(found.includes(subject), subject)
      },
    },
    {
      says: 'There is a mild loss of performance: data must be decrypted, and the web mail caches less.',
      here: 'What is searched and listed is kept ready, sealed; the README has figures beside those of Dovecot, which also encrypts.',
      difference: 'There is no web mail.',
      async check(site) {
        await site.user()
        await site.encrypt()
        const open = await site.login()
        const inbox = await open.select('INBOX', { isReadOnly: true })
        for await (const page of inbox.textPages?.(inbox.uids()) ?? []) assert.ok(page)
        inbox.close()
        await open.close()
        assert.deepEqual(await site.onDisk('Zanzibarfigures'), [])
      },
    },
    {
      says: 'Saved web sessions do not last as long, since what they log in with cannot be saved to disk.',
      here: 'No key outlives its last session by more than `[atrest] linger`, or the process; the owner’s page is signed out by a restart.',
      difference: 'None. Programs that keep their login use app passwords, which can be revoked one by one.',
      async check(site) {
        await site.user()
        await site.encrypt()
        await site.login()
        assert.equal((await site.accounts.info(alice)).isUnlocked, true)
        await site.restart()
        assert.equal((await site.accounts.info(alice)).isUnlocked, false)
        assert.deepEqual(site.accounts.sessions(), [])
      },
    },
    {
      says: 'If the password is changed in the user database behind its back, the user can log in and all mail is invisible; `atrest_admin_decrypt` mends it.',
      here: 'There is no other database. A password that opens nothing is refused, or (`--lock-mail`) lets its owner in to one message that says what is so and what to do; lists end with NO, so that programs delete no copies.',
      difference: 'Mail is never invisible without a word, and an empty INBOX is never shown.',
      async check(site) {
        await site.user()
        await site.encrypt()
        await assert.rejects(site.accounts.setPassword(alice, Buffer.from(fresh)), (error) =>
          isRefusal(error, 'mail-would-be-lost'),
        )
        await site.accounts.lockedMail.lockMail(alice, Buffer.from(fresh))
        const open = await site.login(fresh)
        assert.deepEqual([open.isIncomplete, open.mailboxes().length], [true, 1])
        await assert.rejects(open.select('INBOX', { isReadOnly: true }), refuses('unavailable'))
        await open.close()
        await site.accounts.lockedMail.unlockMail(alice, own(), Buffer.from(pass))
        assert.ok((await site.subjects()).includes('first'))
      },
    },
  ],
}
