// The whole story on a real server, over TLS: turned on in the browser while mail programs are connected, recovered from another browser.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { ImapFlow } from 'imapflow'
import type { Browser, Page } from 'playwright-core'
import { searchDirectory } from '../../src/server/demo/disk-search.ts'
import { makeHome, readWithImapflow, readWithMbsync, runProgram, type Login } from '../e2e/mail-programs.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { freePort } from '../support/ports.ts'
import { skipWithout } from '../support/programs.ts'
import { ServerProcess } from '../support/server-process.ts'
import { follow, startBrowser, Visitor, withoutBrowser } from './browser.ts'

const address = 'alice@example.org'
const [password, nextPassword] = ['a password for the start', 'a password for afterwards']
const words = ['Zebrafink', 'Quittengelee', 'Nebelhornblau']

function messageOf(number: number): Buffer {
  const [subject = '', body = '', sender = ''] = words
  return Buffer.from(
    `From: ${sender}@example.net\r\nTo: ${address}\r\nSubject: ${subject} ${number}\r\nMessage-ID: <${number}@example.net>\r\n\r\n${body} ${number}\r\n`,
  )
}

async function deliver(site: ServerProcess, numbers: readonly number[]): Promise<void> {
  using session = await LmtpSession.connect(site.ports.lmtp, { verb: 'LHLO' })
  for (const number of numbers)
    await session.mustDeliver({ from: 'x@example.net', to: address, message: messageOf(number) })
  await session.quit()
}

async function press(page: Page, name: string): Promise<void> {
  const main = page.locator('main')
  const [button, link] = [
    main.getByRole('button', { name, exact: true }),
    main.getByRole('link', { name, exact: true }),
  ]
  const target = (await button.count()) === 1 ? button : link
  await follow(page, () => target.click())
}

async function signIn(page: Page, url: string, secret: string): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await page.fill('#address', address)
  await page.fill('#password', secret)
  await press(page, 'Sign in')
}

async function shownCode(page: Page): Promise<string> {
  return (await page.locator('#code li').allInnerTexts()).map((group) => group.trim()).join('-')
}

async function subjectsOf(client: ImapFlow): Promise<number> {
  await client.noop()
  const lock = await client.getMailboxLock('INBOX')
  try {
    let count = 0
    for await (const { envelope } of client.fetch('1:*', { envelope: true })) {
      if (envelope?.subject?.startsWith(words[0] ?? '?') === true) count += 1
    }
    return count
  } finally {
    lock.release()
  }
}

/** Four messages, and after a recovery the server's notice of it. */
const mailAndNotice = 5

suite('turned on in the browser', { skip: withoutBrowser || skipWithout('mbsync') }, () => {
  let browser: Browser
  let site: ServerProcess
  let url = ''
  let login: Login
  let home = ''
  let code = ''
  before(async () => {
    const port = await freePort()
    site = await ServerProcess.start({ tables: { listen: `web = ["127.0.0.1:${port}"]` } })
    url = `https://localhost:${port}`
    await site.addUser(address, password)
    await deliver(site, [1, 2, 3])
    login = { imapsPort: site.ports.imaps, caFile: join(site.dataDir, 'tls/cert.pem'), address, password }
    home = await makeHome(site.root, 'mbsync', login)
    browser = await startBrowser()
  })
  after(async () => {
    await browser.close()
    await site[Symbol.asyncDispose]()
  })

  async function inMaildir(): Promise<number> {
    const lists = await Promise.all(['cur', 'new'].map((kind) => readdir(join(home, 'maildir/INBOX', kind))))
    return lists.flat().length
  }

  test('mail programs that are connected go on without a change', async () => {
    assert.equal((await readWithMbsync(login, home)).length, 3)
    const client = new ImapFlow({
      host: 'localhost',
      port: site.ports.imaps,
      secure: true,
      tls: { rejectUnauthorized: false },
      auth: { user: address, pass: password },
      logger: false,
    })
    await client.connect()
    try {
      assert.equal(await subjectsOf(client), 3)
      await using visitor = await Visitor.open(browser)
      const { page } = visitor
      await signIn(page, url, password)
      assert.match(
        (await page.context().cookies()).map(({ name, secure }) => `${name} ${String(secure)}`).join(),
        /__Host-letterlock-session true/,
      )
      await page.goto(`${url}/turn-on`)
      await page.fill('#password', password)
      await page.check('#understood')
      await press(page, 'Show my recovery code')
      code = await shownCode(page)
      await press(page, 'I have it safe: go on')
      await page.fill('#typed', code.slice(-9))
      await press(page, 'Turn encryption on')
      await page.getByRole('heading', { name: 'Done' }).waitFor()
      await page.goto(`${url}/`)
      await page.getByText('Encryption is on', { exact: true }).waitFor()
      visitor.assertSilent()
      assert.equal(await subjectsOf(client), 3)
      await deliver(site, [4])
      // A message is there for sessions once it is adopted, a moment after its sender got the 250.
      let seen = await subjectsOf(client)
      for (let tries = 0; tries < 3000 && seen < 4; tries++) {
        await pause(50)
        seen = await subjectsOf(client)
      }
      assert.equal(seen, 4)
    } finally {
      await client.logout()
    }
    await runProgram('mbsync', ['-c', join(home, 'mbsyncrc'), '-q', 'mail'], { home })
    assert.equal(await inMaildir(), 4)
  })

  test('no word of the mail, no password and no code is on the disk or in the log', async () => {
    assert.notEqual(code, '')
    const secrets = [...words, password, code, code.slice(-9)]
    assert.deepEqual((await searchDirectory(site.dataDir, secrets)).found, [])
    for (const secret of secrets) assert.equal(site.log.includes(secret), false)
  })

  test('the printed code gets the owner back in from another browser, without scripts, and all mail is there', async () => {
    await using visitor = await Visitor.open(browser, { javaScriptEnabled: false, locale: 'de-DE' })
    const { page } = visitor
    await page.goto(`${url}/recover`)
    await page.fill('#address', address)
    await page.fill('#code', code.toLowerCase())
    await page.fill('#newPassword', nextPassword)
    await page.fill('#repeat', nextPassword)
    await press(page, 'Neues Passwort setzen')
    assert.notEqual(await shownCode(page), code)
    await signInGerman(page)
    visitor.assertSilent()
    assert.equal((await readWithImapflow({ ...login, password: nextPassword })).length, mailAndNotice)
    await assert.rejects(readWithImapflow(login))
  })

  async function signInGerman(page: Page): Promise<void> {
    await press(page, 'Ich habe ihn sicher: anmelden')
    await page.fill('#address', address)
    await page.fill('#password', nextPassword)
    await press(page, 'Anmelden')
    await page.getByText('Die Verschlüsselung ist an', { exact: true }).waitFor()
  }

  test('turned off again in the browser, mail is still there', async () => {
    await using visitor = await Visitor.open(browser)
    const { page } = visitor
    await signIn(page, url, nextPassword)
    await page.goto(`${url}/turn-off`)
    await page.fill('#password', nextPassword)
    await page.check('#understood')
    await press(page, 'Turn encryption off')
    await page.getByRole('heading', { name: 'Done' }).waitFor()
    await page.goto(`${url}/`)
    await page.getByText('Encryption is off', { exact: true }).waitFor()
    visitor.assertSilent()
    assert.equal((await readWithImapflow({ ...login, password: nextPassword })).length, mailAndNotice)
  })
})
