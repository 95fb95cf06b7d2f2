// A real Postfix asks whether its clients may send: with the main password, and with app passwords.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { collect } from '../../src/base/async.ts'
import { silentLog } from '../../src/base/ports.ts'
import { bind } from '../../src/server/bind.ts'
import { SubmissionDoor } from '../../src/submission/door.ts'
import { makeSite, password } from '../account/support.ts'
import { startPostfix } from '../e2e/postfix.ts'
import { skipWithout, skipWithoutRoot } from '../support/programs.ts'

const address = 'alice@example.org'
const own: OwnerSecret = { kind: 'password', password: password() }

/** The code of Postfix's answer to a login. */
async function login(port: number, user: string, pass: string): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  const token = Buffer.from(`\0${user}\0${pass}`).toString('base64')
  socket.write(`EHLO test\r\nAUTH PLAIN ${token}\r\nQUIT\r\n`)
  const text = String(await collect(socket as AsyncIterable<Buffer>))
  return Number(/^(\d{3}) (?:2|4|5)\.7\.\d/m.exec(text)?.[1] ?? 0)
}

describe('Postfix', { skip: skipWithout('postfix') || skipWithoutRoot() }, () => {
  it('lets in whom we let in, and refuses revoked, foreign and wrong passwords', async () => {
    const root = await mkdtemp(join(tmpdir(), 'letterlock-sasl-'))
    await chmod(root, 0o755)
    const site = await makeSite()
    await site.accounts.create(address, password())
    const { slots } = site.accounts
    const sending = await slots.addAppPassword(address, own, { name: 'printer', protocols: ['submission'] })
    const reading = await slots.addAppPassword(address, own, { name: 'reader', protocols: ['imap'] })
    const door = new SubmissionDoor({ accounts: site.accounts, log: silentLog, allowPlainLogin: true })
    const path = join(root, 'auth.sock')
    await bind(door.netServer, { kind: 'unix', path }, 0o666)
    const settings = `smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = ${path}\n`
    try {
      await using postfix = await startPostfix(root, 'example.org', 1, settings)
      const of = (pass: string, user = address): Promise<number> => login(postfix.smtpPort, user, pass)
      assert.equal(await of('correct horse'), 235, await postfix.logTail())
      assert.equal(await of('wrong'), 535)
      assert.equal(await of('correct horse', 'nobody@example.org'), 535)
      assert.equal(await of(String(sending.text)), 235)
      assert.equal(await of(String(reading.text)), 535)
      assert.equal((await site.accounts.info(address)).isUnlocked, false)
      await slots.setMainPasswordUse(address, own, 'web-only')
      assert.equal(await of('correct horse'), 535)
      await slots.revokeAppPassword(address, sending.appPassword.id)
      assert.equal(await of(String(sending.text)), 535)
    } finally {
      await door.stop(0)
      await site.accounts.close()
      await rm(root, { recursive: true, force: true })
    }
  })
})
