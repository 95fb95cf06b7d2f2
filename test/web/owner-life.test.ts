// An owner's life in the browser on a real server over TLS, with the script and without: mail in and out, keys, a rollback, a thief, a lock. Then
// nothing of what was typed or shown is in the server's memory, and no word of the mail on its disk.
import assert from 'node:assert/strict'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { searchDirectory } from '../../src/server/demo/disk-search.ts'
import { searchMemory } from '../e2e/canary-search.ts'
import { exactly, type Pattern } from '../e2e/canary-marks.ts'
import { readWithImapflow } from '../e2e/mail-programs.ts'
import { KeyRing } from '../pubkey/keys.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { freePort } from '../support/ports.ts'
import { skipWithout } from '../support/programs.ts'
import { ServerProcess } from '../support/server-process.ts'
import { follow, startBrowser, Visitor, withoutBrowser } from './browser.ts'

const address = 'alice@example.org'
const words = ['Zwergtaucher', 'Holunderblut', 'Kranichruf']
const letter = (number: number): string =>
  `From: ${words[2] ?? ''} <bob@example.net>\nSubject: ${words[0] ?? ''} ${number}\nMessage-ID: <${number}@example.net>\n\n${words[1] ?? ''} ${number}\n`
const mbox = (...numbers: readonly number[]): Buffer =>
  Buffer.from(numbers.map((number) => `From bob@x Fri May  1 12:00:00 2020\n${letter(number)}\n`).join(''))

/** A password that an admin gives at the control socket. */
const given = 'Nachtschwalbe from the admin'

/** Bytes as they are, and as browsers send them. */
function patternsOf(secrets: ReadonlySet<string>): Pattern[] {
  return [...secrets].flatMap((secret) =>
    [
      ...new Set([
        secret,
        encodeURIComponent(secret),
        secret.replaceAll(' ', '+'),
        secret.replaceAll('-', ''),
      ]),
    ].map((spelling) => exactly(spelling, Buffer.from(spelling))),
  )
}

for (const hasScript of [true, false]) {
  suite(
    `an owner’s life ${hasScript ? 'with' : 'without'} the script`,
    { skip: withoutBrowser || skipWithout('gpg') },
    () => {
      let browser: Browser
      let site: ServerProcess
      let visitor: Visitor
      let page: Page
      let url = ''
      let password = `Regenpfeifer Uhu first`
      let code = ''
      const secrets = new Set<string>()
      before(async () => {
        const port = await freePort()
        url = `https://localhost:${port}`
        site = await ServerProcess.start({
          tables: {
            listen: `web = ["127.0.0.1:${port}"]`,
            web: `base_url = "${url}"`,
            recovery: 'delay = "1d"',
          },
        })
        secrets.add(password)
        await site.addUser(address, password)
        browser = await startBrowser()
        visitor = await Visitor.open(browser, { javaScriptEnabled: hasScript, acceptDownloads: true })
        page = visitor.page
      })
      after(async () => {
        await browser.close()
        await site[Symbol.asyncDispose]()
      })

      const main = async (): Promise<string> => (await page.locator('main').innerText()).replace(/\s+/g, ' ')

      /** A button of the page, or a link. */
      async function press(name: string): Promise<void> {
        const buttons = page.locator('main').getByRole('button', { name, exact: true })
        const links = page.locator('main').getByRole('link', { name, exact: true })
        const target = (await buttons.count()) === 1 ? buttons : links
        await follow(page, () => target.click())
      }

      async function signIn(): Promise<void> {
        await page.goto(`${url}/sign-in`)
        await page.fill('#address', address)
        await page.fill('#password', password)
        await press('Sign in')
      }

      /** Loads the page until it says so. */
      async function until(path: string, words: RegExp): Promise<void> {
        for (let tries = 0; tries < 1800; tries += 1) {
          await page.goto(url + path)
          if (words.test(await main())) return
          await pause(100)
        }
        assert.match(await main(), words)
      }

      async function importFile(name: string, buffer: Buffer): Promise<void> {
        await page.goto(`${url}/import`)
        await page.fill('#password', password)
        await page.setInputFiles('#files', { name, mimeType: 'application/octet-stream', buffer })
        await press('Upload and import')
        // By itself: it loads again, or is told.
        await page.getByRole('heading', { name: 'The import has ended' }).waitFor()
      }

      async function deliver(number: number): Promise<void> {
        using session = await LmtpSession.connect(site.ports.lmtp, { verb: 'LHLO' })
        const message = Buffer.from(letter(number).replaceAll('\n', '\r\n'))
        await session.mustDeliver({ from: 'x@example.net', to: address, message })
        await session.quit()
      }

      test('encryption is turned on, and mail is brought along', async () => {
        await signIn()
        await page.goto(`${url}/turn-on`)
        await page.fill('#password', password)
        await page.check('#understood')
        await press('Show my recovery code')
        code = (await page.locator('#code li').allInnerTexts()).map((group) => group.trim()).join('-')
        secrets.add(code)
        await press('I have it safe: go on')
        await page.fill('#typed', code.slice(-9))
        await press('Turn encryption on')
        await until('/', /Encryption is on/)
        await importFile('INBOX.mbox', mbox(1, 2, 3))
        assert.match(await main(), /All of it is here.*Added 3/)
        await importFile('INBOX.mbox', mbox(1, 2, 3))
        assert.match(await main(), /All of it was here already.*Here before 3/)
        await visitor.assertAccessible()
        visitor.assertSilent()
      })

      test('all of it is downloaded, and taken in again adds nothing', async () => {
        await page.goto(`${url}/export`)
        await page.fill('#password', password)
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.locator('main').getByRole('button', { name: 'Download my mail' }).click(),
        ])
        const bytes = await readFile(await download.path())
        assert.equal(bytes.subarray(0, 2).toString(), 'PK')
        await importFile(download.suggestedFilename(), bytes)
        assert.match(await main(), /Added 0 Here before [3-9]/)
      })

      test('a thief with the code has to wait, and the link in the notice stops them without signing in', async () => {
        await using thief = await Visitor.open(browser, { javaScriptEnabled: hasScript })
        await thief.page.goto(`${url}/recover`)
        await thief.page.fill('#address', address)
        await thief.page.fill('#code', code)
        for (const id of ['newPassword', 'repeat']) await thief.page.fill(`#${id}`, 'the thief’s password')
        await thief.page.locator('main form button').click()
        await thief.page.getByText('This site waits').waitFor()
        await page.goto(url)
        assert.match(await main(), /A recovery is waiting/)
        const caFile = join(site.dataDir, 'tls/cert.pem')
        const mail = await readWithImapflow({ imapsPort: site.ports.imaps, caFile, address, password })
        const text = mail.map((message) => message.toString('utf8')).join('\n')
        const link = /https:\S*\/recovery\/cancel\?\S+/.exec(text)?.[0] ?? ''
        await using reader = await Visitor.open(browser, { javaScriptEnabled: hasScript })
        const button = reader.page.getByRole('button', { name: 'Cancel the recovery' })
        for (const said of ['The recovery is cancelled', 'This link does not work']) {
          await reader.page.goto(link)
          await button.click()
          await reader.page.getByRole('heading', { name: said }).waitFor()
        }
        await reader.assertAccessible()
        reader.assertSilent()
        await page.goto(url)
        assert.doesNotMatch(await main(), /A recovery is waiting/)
        // The same by the password.
        await thief.page.goto(`${url}/recover`)
        await thief.page.fill('#address', address)
        await thief.page.fill('#code', code)
        for (const id of ['newPassword', 'repeat']) await thief.page.fill(`#${id}`, 'the thief’s password')
        await thief.page.locator('main form button').click()
        await thief.page.getByText('This site waits').waitFor()
        await page.goto(url)
        await page.fill('#password', password)
        await press('Cancel the recovery')
        assert.match(
          await page.locator('body').innerText(),
          /Nobody can set a new password with the code for now/,
        )
        secrets.add(new URL(link).searchParams.get('token') ?? '?')
      })

      test('an OpenPGP key is added and tested, and older mail is sealed to it', async () => {
        const keys = new KeyRing()
        let key: Buffer
        try {
          key = keys.makeGpg('curve25519', address)
        } finally {
          keys.close()
        }
        await page.goto(`${url}/public-keys`)
        await page.setInputFiles('#file', {
          name: 'alice.asc',
          mimeType: 'application/pgp-keys',
          buffer: key,
        })
        await page.fill('#password', password)
        await press('Add it')
        assert.match(await main(), /Fingerprint/)
        await press('Send a test message')
        await page.goto(`${url}/seal-older`)
        await page.fill('#password', password)
        await page.check('#understood')
        await press('Seal my older mail')
        await until('/seal-older', /Mail that came before/)
        visitor.assertSilent()
      })

      test('what opens the mail is shown, and keys are renewed with all mail', async () => {
        await page.goto(`${url}/ways-in`)
        await page.fill('#password', password)
        await press('Show the list')
        assert.match(await main(), /Main password .*Recovery code/)
        await page.goto(`${url}/renew-keys`)
        await page.check('#bodies-all')
        await page.fill('#password', password)
        await press('Renew my keys')
        await until('/progress', /Done/)
        await until('/history', /keys/)
        visitor.assertSilent()
      })

      test('an older copy of the store keeps everybody out until its owner says that it was meant', async () => {
        await visitor.leave()
        await site.stop()
        const [store, copy] = [join(site.dataDir, 'store'), join(site.root, 'copy')]
        await cp(store, copy, { recursive: true })
        await site.start()
        await deliver(9)
        await signIn()
        await until('/', /Encryption is on/)
        await visitor.leave()
        await site.stop()
        await rm(store, { recursive: true })
        await cp(copy, store, { recursive: true })
        await site.start()
        await signIn()
        assert.match(await main(), /older than it was.*Nobody is let in/)
        await page.fill('#password', 'not the password')
        await page.check('#understood')
        await press('Go on with the older mailbox')
        assert.match(await main(), /That did not work yet/)
        await page.fill('#password', password)
        await page.check('#understood')
        await press('Go on with the older mailbox')
        assert.match(await main(), /the present state is meant/)
        await signIn()
        assert.match(await main(), /Encryption is on/)
        visitor.assertSilent()
      })

      test('mail that an admin has locked is opened with the code', async () => {
        secrets.add(given)
        await site.command(
          ['user', 'passwd', address, '--lock-mail', '--yes', '--password-file', '-'],
          [given],
        )
        password = given
        await signIn()
        assert.match(await main(), /Your mail is locked/)
        await page.goto(`${url}/unlock`)
        await page.fill('#code', code)
        password = 'Steinschmaetzer at last'
        secrets.add(password)
        for (const id of ['newPassword', 'repeat']) await page.fill(`#${id}`, password)
        await press('Open my mail')
        assert.match(await main(), /Your mail is open again/)
        await signIn()
        assert.match(await main(), /Encryption is on/)
        visitor.assertSilent()
      })

      test('signed out, nothing of it is in the memory of the server, or on its disk', async (t) => {
        await importFile('INBOX.mbox', mbox(20, 21))
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByRole('heading', { name: 'Sign in' }).waitFor()
        await visitor[Symbol.asyncDispose]()
        let inWords: string[] = []
        // The last connections end when the server hears of it, however busy the machine is.
        for (let tries = 0; tries < 240; tries += 1) {
          await pause(500)
          const { sightings } = await searchMemory(site.pid, patternsOf(secrets))
          inWords = sightings.map(({ pattern, where }) => `${pattern.spelling}: ${where}`)
          if (inWords.length === 0) break
        }
        for (const found of inWords) t.diagnostic(found)
        assert.deepEqual(inWords, [])
        assert.deepEqual((await searchDirectory(site.dataDir, [...words, ...secrets])).found, [])
        for (const secret of [...words, ...secrets]) assert.equal(site.log.includes(secret), false)
      })
    },
  )
}
