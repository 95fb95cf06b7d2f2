// The chapters in which administrators have secrets of their own, mail is locked and recovered, moved in and out, and put back.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { alice, bob, carol, deliver, say, type Known } from './secrets-life.ts'
import type { SecretiveSite } from './secrets-site.ts'

/** Passwords of administrators, in files, by their flags: the first has no number. */
function shares(prefix: string, secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    secrets.map((secret, index) => [`--${prefix}${index === 0 ? '' : `-${index + 1}`}-file`, secret]),
  )
}

/** The recovery key: set for three of whom two are needed, tried, changed, used, made anew by SurgeMail's names, removed. */
export async function recoverByAdmins(site: SecretiveSite, known: Known): Promise<void> {
  const { ledger } = site
  const admins = ['One', 'Two', 'Three'].map((name) => ledger.password(`Admin${name}`))
  const [one = '', two = '', three = ''] = admins
  await site.run(['atrest', 'admin', 'set', '--admins', '3', '--needed', '2'], {
    files: shares('new-admin-password', admins),
  })
  await site.run(['atrest', 'admin', 'test', '--admins', '2'], {
    files: shares('admin-password', [one, three]),
  })
  await site.run(['atrest', 'admin', 'test', '--admins', '2'], {
    files: shares('admin-password', [one, ledger.password('Wrong')]),
    exitCode: 65,
  })
  await say(site, [`LOGIN ${alice} ${known.alice}`], [`SELECT INBOX`])
  await say(site, [`LOGIN ${bob} ${known.bob}`])
  const reset = ledger.password('AliceReset')
  await site.run(['atrest', 'admin', 'reset-password', alice, '--admins', '2'], {
    files: { ...shares('admin-password', [two, three]), '--password-file': reset },
  })
  known.alice = reset
  const alone = ledger.password('AdminAlone')
  await site.run(['atrest', 'admin', 'passwd', '--present', '2', '--admins', '1'], {
    files: { ...shares('admin-password', [one, two]), '--new-admin-password-file': alone },
  })
  const typed = ledger.password('AliceByTellmail')
  await site.typed(
    ['atrest_set_user_pass', alice],
    [
      [/Admin recovery password/, alone],
      [/New password/, typed],
      [/The same again/, typed],
    ],
    { program: 'tellmail' },
  )
  known.alice = typed
  await site.run(['atrest', 'admin', 'decrypt', bob, '--yes', '--admin-password-file', '-'], {
    input: [ledger.password('Wrong')],
    exitCode: 65,
  })
  await site.run(['atrest', 'admin', 'decrypt', bob, '--yes', '--admin-password-file', '-'], {
    input: [alone],
  })
  await site.run(['atrest', 'admin', 'remove', '--yes', '--admin-password-file', '-'], { input: [alone] })
  await site.run(['atrest_admin'], {
    program: 'tellmail',
    env: { LETTERLOCK_NEW_ADMIN_PASSWORD_FILE: ledger.password('AdminAnew') },
  })
  await site.run(['atrest', 'admin', 'status', '--json'])
}

/** Mail is locked by a password that does not open it, opened again, and recovered with the code. */
export async function lockAndRecover(site: SecretiveSite, known: Known): Promise<void> {
  const { ledger } = site
  const locked = ledger.password('AliceLocked')
  await site.run(['user', 'passwd', alice, '--lock-mail', '--yes', '--password-file', '-'], {
    input: [locked],
  })
  await say(site, [`LOGIN ${alice} ${locked}`], ['LIST "" *'], ['SELECT INBOX'], ['FETCH 1:* BODY[]'])
  const open = ledger.password('AliceOpened')
  await site.run(['atrest', 'unlock-mail', alice], {
    files: { '--old-password-file': known.alice, '--password-file': open },
  })
  known.alice = open
  const recovered = await site.run(['atrest', 'recover', alice, '--code-file', '-', '--password-file', '-'], {
    input: [known.aliceCode, ledger.password('AliceRecovered')],
    reveals: 'recoveryCode',
  })
  known.alice = ledger.password('AliceRecovered')
  await site.run(['atrest', 'recover', alice, '--code-file', '-', '--password-file', '-'], {
    input: [known.aliceCode, ledger.password('Wrong')],
    exitCode: 65,
  })
  known.aliceCode = recovered.secret
  site.relay.expect(known.aliceCode)
  const browser = site.browser()
  const token = await browser.tokenOf('/recover')
  const next = ledger.password('CarolRecovered')
  browser.isRevealing = true
  const shown = await browser.post('/recover', {
    ...{ token, address: carol, code: known.carolCode.toLowerCase() },
    ...{ newPassword: next, repeat: next },
  })
  const groups = [...shown.body.matchAll(/<li>([0-9A-Z]{4})<\/li>/g)].map(([, group]) => group ?? '')
  assert.equal(groups.length, 7)
  known.carol = next
  known.carolCode = groups.join('-')
  ledger.recoveryCode('code on the page after a recovery', known.carolCode)
}

/** Mail from another server, which is this one by its other door; and out of it. */
export async function moveMail(site: SecretiveSite, known: Known): Promise<void> {
  const certificate = join(site.server.dataDir, 'tls/cert.pem')
  const from = ['--from', `imaps://localhost:${site.server.ports.imaps}`, '--certificate', certificate]
  await site.run(['import', 'imap', alice, ...from, '--user', carol, '--into', 'Imported'], {
    files: { '--password-file': known.alice, '--source-password-file': known.carol },
  })
  await site.run(['import', 'imap', alice, ...from, '--user', carol], {
    files: { '--password-file': known.alice, '--source-password-file': site.ledger.password('Wrong') },
    exitCode: 65,
  })
  await site.run(['imap_import', bob, `localhost:${site.server.ports.imaps}`, carol, 'keep', '--dry-run'], {
    program: 'tellmail',
    env: { LETTERLOCK_SOURCE_PASSWORD_FILE: known.carol },
    exitCode: 65,
  })
  await site.run(['export', 'sealed', alice, join(site.outside, 'alice.sealed')])
  await site.run(['export', 'maildir', alice, join(site.outside, 'alice-maildir'), '--yes'], {
    files: { '--password-file': known.alice },
  })
}

/** Backups, whole and incremental; one account is put back over the live one, noticed, looked at, accepted by its owner. */
export async function backUpAndRestore(site: SecretiveSite, known: Known): Promise<void> {
  const { ledger, outside } = site
  const backup = join(outside, 'backup')
  await site.run(['backup', backup, '--with-site-key', join(outside, 'site-key.sealed')], {
    files: { '--password-file': ledger.password('SiteKeyPassphrase') },
  })
  await deliver(site, alice, 'after the backup')
  await say(site, [`LOGIN ${alice} ${known.alice}`], ['SELECT INBOX'], ['CREATE Later'])
  await site.run(['backup', backup, '--incremental'])
  await site.run(['verify', backup, '--user', alice, '--open', '--password-file', '-'], {
    input: [known.alice],
  })
  await site.run(['verify', backup, '--user', alice, '--open', '--password-file', '-'], {
    input: [ledger.password('Wrong')],
    exitCode: 65,
  })
  await site.run(['site-key', 'save', join(outside, 'generated.sealed'), '--generate'], {
    reveals: 'password',
  })
  await site.run(['restore', backup, '--user', alice, '--generation', '1', '--replace', '--yes'])
  await say(site, [`LOGIN ${alice} ${known.alice}`])
  await site.run(['atrest', 'rollback', 'status', alice, '--json'], { exitCode: 65 })
  await site.run(['atrest', 'rollback', 'accept', alice, '--own', '--yes', '--password-file', '-'], {
    input: [known.alice],
  })
  await say(site, [`LOGIN ${alice} ${known.alice}`], ['SELECT INBOX'])
}

/** Everything that looks at an account, with the server and without it, and a server that is killed while somebody logs in. */
export async function lookOver(site: SecretiveSite, known: Known): Promise<void> {
  const withPassword = { files: { '--password-file': known.alice } }
  const look = async (): Promise<void> => {
    for (const words of ['user list', `user show ${alice}`, 'audit show', 'audit verify'])
      await site.run([...words.split(' '), '--json'])
    await site.run(['fsck', alice, '--repair'], withPassword)
    await site.run(['atrest', 'verify', alice], withPassword)
    await site.run(['atrest', 'trail', alice], withPassword)
  }
  for (const words of ['status', 'who']) await site.run([words, '--json'])
  await look()
  const dying = say(site, [`LOGIN ${alice} ${known.alice}`], [`LOGIN ${alice} ${known.alice}`]).catch(
    () => undefined,
  )
  await site.server.kill()
  await dying
  // Commands open the idle store themselves now.
  await look()
  await site.run(['config', 'show', '--json'])
  await site.server.start()
  await site.run(['app-password', 'revoke', alice, known.appPasswordId, '--yes'])
  await site.run(['atrest', 'disable', carol, '--recovery', '--yes'], {
    files: { '--code-file': known.carolCode },
  })
  await site.run(['kick', alice])
  await site.run(['lock', alice])
}
