// Every flow of the page, as a person goes through it, with the script and without.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { recoveryWordsOf } from '../../src/crypto/recovery-code.ts'
import type { Browser } from 'playwright-core'
import { follow, startBrowser, Visitor, withoutBrowser } from './browser.ts'
import { alice, alicePassword, pageServer, type PageServer } from './page-server.ts'

const newPassword = 'another long password'

/** A person in front of the page. */
class Person {
  readonly visitor: Visitor
  readonly site: PageServer

  constructor(visitor: Visitor, site: PageServer) {
    this.visitor = visitor
    this.site = site
  }

  get page() {
    return this.visitor.page
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.site.url + path)
    await this.look()
  }

  /** What holds for every page. */
  async look(): Promise<void> {
    await this.visitor.assertAccessible()
    await this.visitor.assertFits()
    this.visitor.assertSilent()
  }

  async fill(values: Readonly<Record<string, string>>): Promise<void> {
    for (const [id, value] of Object.entries(values)) await this.page.fill(`#${id}`, value)
  }

  /** Presses a button or follows a link of this name, and looks at what comes. */
  async press(name: string): Promise<void> {
    // The menu may have a link of the same name: what the page itself has comes first.
    const main = this.page.locator('main')
    const places = [
      main.getByRole('button', { name, exact: true }),
      main.getByRole('link', { name, exact: true }),
    ]
    const counts = await Promise.all(places.map((place) => place.count()))
    const target =
      places.find((_, index) => counts[index] === 1) ?? this.page.getByRole('button', { name, exact: true })
    await follow(this.page, () => target.click())
    await this.page.waitForLoadState()
    await this.look()
  }

  async heading(): Promise<string> {
    return (await this.page.textContent('h1'))?.trim() ?? ''
  }

  async assertHeading(text: string): Promise<void> {
    assert.equal(await this.heading(), text)
  }

  async main(): Promise<string> {
    return (await this.page.innerText('main')).replace(/\s+/g, ' ')
  }

  async signIn(password: string = alicePassword, address: string = alice): Promise<void> {
    await this.go('/sign-in')
    await this.fill({ address, password })
    await this.press('Sign in')
  }

  /** What the sheet shows, and asserts that the text file of the sheet has it. */
  async readSheet(): Promise<string> {
    const groups = await this.page.locator('#code li').allInnerTexts()
    const code = groups.map((group) => group.trim()).join('-')
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.getByRole('link', { name: 'Save as a text file' }).click(),
    ])
    const text = await readFile(await download.path(), 'utf8')
    assert.ok(text.includes(code) && text.includes(alice), text)
    const words = (await this.page.locator('#words').innerText()).trim()
    assert.equal(words, recoveryWordsOf(Buffer.from(code)).toString())
    assert.ok(text.includes(`\r\n${words}\r\n`), text)
    return code
  }
}

function story(hasScript: boolean): void {
  let browser: Browser
  let site: PageServer
  let person: Person
  let code = ''
  before(async () => {
    browser = await startBrowser()
    site = await pageServer()
    person = new Person(await Visitor.open(browser, { javaScriptEnabled: hasScript }), site)
  })
  after(async () => {
    await browser.close()
    await site[Symbol.asyncDispose]()
  })

  test('a wrong password and an unknown address get the same answer, which says what to do', async () => {
    await person.signIn('wrong')
    const first = await person.main()
    await person.signIn('wrong', 'nobody@example.org')
    assert.equal(await person.main(), first)
    assert.match(first, /Address or password is wrong\. Check both and try again\./)
  })

  test('signing in leads to the overview', async () => {
    await person.signIn()
    await person.assertHeading('Overview')
    assert.match(await person.main(), /Encryption is off/)
  })

  test('what the server writes is in the language that the page was read in, or that was chosen there', async () => {
    assert.equal(site.accounts.find(alice).language, 'en')
    await person.press('Deutsch')
    await person.assertHeading('Übersicht')
    assert.equal(site.accounts.find(alice).language, 'de')
    await person.press('English')
    await person.assertHeading('Overview')
    assert.equal(site.accounts.find(alice).language, 'en')
  })

  test('turning on wants the tick and the right password', async () => {
    await person.press('Turn encryption on')
    assert.match(await person.main(), /What it cannot protect from.*no administrators’ recovery key/)
    await person.fill({ password: 'wrong password' })
    await person.page.check('#understood')
    await person.press('Show my recovery code')
    assert.match(await person.main(), /password is wrong/)
    assert.equal(site.accounts.find(alice).atRest, 'off')
  })

  test('the code is shown once, with print, copy, text file and QR code', async () => {
    await person.fill({ password: alicePassword })
    await person.page.check('#understood')
    await person.press('Show my recovery code')
    await person.assertHeading('Your recovery code')
    code = await person.readSheet()
    assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/)
    if (hasScript)
      assert.ok((await person.page.evaluate<number>('document.querySelector(".qr").naturalWidth')) > 0)
    assert.equal(await person.page.getByRole('button', { name: 'Print' }).isVisible(), hasScript)
    assert.equal(await person.page.getByRole('button', { name: 'Copy' }).isVisible(), hasScript)
    assert.equal(site.accounts.find(alice).atRest, 'off')
  })

  test('encryption begins only when the end of the code was typed back', async () => {
    await person.press('I have it safe: go on')
    await person.fill({ typed: 'AAAA-BBBB' })
    await person.press('Turn encryption on')
    assert.match(await person.main(), /not the end of the new code/)
    assert.equal(site.accounts.find(alice).atRest, 'off')
    await person.fill({ typed: code.slice(-9).toLowerCase() })
    await person.press('Turn encryption on')
    await person.assertHeading('Sealing your mail')
    assert.equal(site.accounts.find(alice).atRest, 'converting')
  })

  test('the progress page shows how far it is, and its end', async () => {
    site.accounts.advance(alice, 6_000)
    if (hasScript) {
      await person.page.getByText('6,000 of 12,034 messages').waitFor()
      site.accounts.advance(alice, 20_000)
      await person.page.getByRole('heading', { name: 'Done' }).waitFor()
      await person.look()
    } else {
      await person.go('/progress')
      assert.match(await person.main(), /6,000 of 12,034 messages/)
      assert.equal(await person.page.locator('meta[http-equiv="refresh"]').getAttribute('content'), '5')
      site.accounts.advance(alice, 20_000)
      await person.go('/progress')
    }
    assert.match(await person.main(), /All your mail is sealed to you alone/)
    await person.press('To the overview')
    assert.match(await person.main(), /Encryption is on/)
  })

  test('a code is tested: a typo is located, a wrong one refused, the right one works', async () => {
    await person.go('/test-code')
    const at = 10
    const other = code[at] === '7' ? '8' : '7'
    await person.fill({ code: code.slice(0, at) + other + code.slice(at + 1) })
    await person.press('Test it')
    assert.match(await person.main(), /mistyped in group 3/)
    await person.fill({ code: '0000-0000-0000-0000-0000-0000-0000' })
    await person.press('Test it')
    assert.match(await person.main(), /does not belong to this address/)
    await person.fill({ code: `Recovery code for ${alice}\n\n${code}\n\nCapitals do not matter.` })
    await person.press('Test it')
    assert.match(await person.main(), /Your recovery code works/)
  })

  test('an overdue check is asked for on the overview', async () => {
    site.accounts.find(alice).codeCheckedAt = undefined
    site.accounts.find(alice).enabledAt = site.clock.now() - 15 * 86_400_000
    await person.go('/')
    assert.match(await person.main(), /Do you still have your recovery code\?/)
  })

  test('a new code takes the place of the old one only when it was typed back', async () => {
    await person.go('/new-code')
    await person.fill({ password: 'wrong password' })
    await person.press('Show a new code')
    assert.match(await person.main(), /password is wrong/)
    await person.fill({ password: alicePassword })
    await person.press('Show a new code')
    const fresh = await person.readSheet()
    assert.equal(site.accounts.find(alice).code, code)
    await person.press('I have it safe: go on')
    await person.fill({ typed: fresh, password: alicePassword })
    await person.press('Use the new code from now on')
    assert.match(await person.main(), /new recovery code counts/)
    assert.equal(site.accounts.find(alice).code, fresh)
    code = fresh
  })

  test('changing the password says what is wrong with each field', async () => {
    const rows = [
      [{ password: alicePassword, newPassword: 'short', repeat: 'short' }, /too short/],
      [{ password: alicePassword, newPassword, repeat: `${newPassword}!` }, /two new passwords differ/],
      [{ password: 'wrong password', newPassword, repeat: newPassword }, /password is wrong/],
    ] as const
    await person.go('/change-password')
    for (const [values, words] of rows) {
      await person.fill(values)
      await person.press('Change the password')
      assert.match(await person.main(), words)
    }
    await person.fill({ password: alicePassword, newPassword, repeat: newPassword })
    await person.press('Change the password')
    assert.match(await person.main(), /Your password was changed/)
    assert.equal(site.accounts.find(alice).password, newPassword)
  })

  test('an app password is made, shown once, listed and revoked', async () => {
    await person.go('/app-passwords')
    const rows = [
      [{ name: ' ', password: newPassword }, /Give it a name/],
      [{ name: 'Phone', password: newPassword, expires: '2026-01-01' }, /Choose a day from today/],
      [{ name: 'Phone', password: 'wrong password', expires: '' }, /password is wrong/],
    ] as const
    for (const [values, words] of rows) {
      await person.fill(values)
      await person.press('Make an app password')
      assert.match(await person.main(), words)
    }
    await person.fill({ name: 'Phone <b>&"', password: newPassword, expires: '2027-01-31' })
    await person.press('Make an app password')
    await person.assertHeading('App password “Phone <b>&"”')
    assert.equal(await person.page.locator('img.qr').count(), 2)
    await person.press('Done')
    assert.match(await person.main(), /Phone <b>&".*31 January 2027/)
    await person.press('Revoke Phone <b>&"')
    assert.match(await person.main(), /was revoked.*There are none yet/)
    await person.fill({ mainPassword: newPassword })
    await person.press('Only on this page from now on')
    assert.match(await person.main(), /now works only on this page/)
  })

  test('a key of one’s own is added from text or a file, tested and removed', async () => {
    await person.go('/public-keys')
    await person.fill({ password: newPassword })
    await person.press('Add it')
    assert.match(await person.main(), /Paste your public key or certificate/)
    await person.fill({ pasted: 'no key at all', password: newPassword })
    await person.press('Add it')
    assert.match(await person.main(), /cannot be used|does not begin like a key/)
    await person.fill({ pasted: '', password: newPassword })
    await person.page.setInputFiles('#file', {
      name: 'alice.asc',
      mimeType: 'application/pgp-keys',
      buffer: Buffer.from('-----BEGIN PGP PUBLIC KEY BLOCK-----'),
    })
    await person.press('Add it')
    assert.match(await person.main(), /Keys added: 1.*Curve25519.*0123 4567 89AB CDEF/)
    await person.press('Send a test message')
    assert.match(await person.main(), /test message was delivered/)
    await person.page.check('#protectHeaders')
    await person.page.fill('#password-settings', newPassword)
    await person.press('Save')
    assert.equal(site.accounts.find(alice).sealing.protectHeaders, true)
    await person.page.fill('#password-0123456789abcdef0123456789abcdef01234567', newPassword)
    await person.press('Remove Alice <alice@example.org>')
    assert.match(await person.main(), /The key was removed/)
  })

  test('connections are shown, and one of them ended', async () => {
    site.accounts.rows = [
      {
        sessionId: 's1',
        address: alice,
        protocol: 'imap',
        remoteAddress: '192.0.2.7',
        isTls: true,
        since: site.clock.now(),
        slotKind: 'app',
      },
      {
        sessionId: 's2',
        address: 'bob@example.org',
        protocol: 'imap',
        remoteAddress: '192.0.2.8',
        isTls: true,
        since: site.clock.now(),
        slotKind: 'password',
      },
    ]
    await person.go('/sessions')
    assert.match(await person.main(), /192\.0\.2\.7/)
    assert.doesNotMatch(await person.main(), /192\.0\.2\.8/)
    await person.press('End it: imap from 192.0.2.7')
    assert.match(await person.main(), /The connection was ended/)
    assert.deepEqual(
      site.accounts.rows.map(({ sessionId }) => sessionId),
      ['s2'],
    )
  })

  test('the other address is set, changed and taken away, each with the password', async () => {
    const account = site.accounts.find(alice)
    await person.go('/alternate-address')
    assert.match(await person.main(), /into this mailbox only/)
    const wrong = [
      [{ alternate: 'nowhere@elsewhere.example', password: 'wrong' }, /Address or password is wrong/],
      [{ alternate: alice, password: account.password }, /leads into this very mailbox/],
    ] as const
    for (const [values, words] of wrong) {
      await person.fill(values)
      await person.press('Send notices there')
      assert.match(await person.main(), words)
      assert.equal(account.alternate, undefined)
    }
    assert.equal(await person.page.inputValue('#alternate'), alice)
    for (const alternate of ['first@elsewhere.example', 'second@elsewhere.example']) {
      await person.fill({ alternate, password: account.password })
      await person.press('Send notices there')
      assert.match(await person.main(), new RegExp(`Notices go to ${alternate} from now on`))
      assert.equal(account.alternate, alternate)
    }
    await person.fill({ 'password-to-remove': 'wrong' })
    await person.press('Stop sending notices there')
    assert.match(await person.main(), /Address or password is wrong/)
    assert.equal(account.alternate, 'second@elsewhere.example')
    await person.fill({ password: account.password })
    await person.press('Stop sending notices there')
    assert.match(await person.main(), /only from now on/)
    assert.equal(account.alternate, undefined)
    site.accounts.alternateAddress.takesCodes = true
    await person.go('/alternate-address')
    assert.match(await person.main(), /each new recovery code itself is mailed there/)
    site.accounts.alternateAddress.takesCodes = false
  })

  test('setting up: names and ports stand there, and a profile for Apple holds a fresh app password', async () => {
    await person.go('/set-up')
    assert.match(await person.main(), /mail\.example\.org.*993.*SSL\/TLS/)
    await person.fill({ password: newPassword })
    const [download] = await Promise.all([
      person.page.waitForEvent('download'),
      person.page.getByRole('button', { name: /download the profile/ }).click(),
    ])
    assert.match(
      await readFile(await download.path(), 'utf8'),
      /<key>IncomingPassword<\/key><string>[0-9A-Z-]{34}<\/string>/,
    )
    assert.deepEqual(
      site.accounts.find(alice).appPasswords.map(({ name }) => name),
      ['Apple profile'],
    )
  })

  test('what an admin did with the recovery key is shown at the next sign-in, until it was seen', async () => {
    site.accounts.find(alice).trail.push({
      at: site.clock.now(),
      kind: 'password-reset-by-admin',
      by: 'admin-key',
      remoteAddress: '198.51.100.4',
      detail: undefined,
      isNew: true,
    })
    await person.press('Sign out')
    await person.signIn(newPassword)
    assert.match(
      await person.main(),
      /While you were away.*password was reset, by an administrator, with the recovery key, from 198\.51\.100\.4/,
    )
    await person.press('See the whole history')
    await person.fill({ password: newPassword })
    await person.press('I have seen this')
    await person.go('/')
    assert.doesNotMatch(await person.main(), /While you were away/)
  })

  test('an older state of the mailbox is said, and accepted', async () => {
    site.accounts.find(alice).rollback = { seenVersion: 120, presentVersion: 100, seenAt: site.clock.now() }
    await person.go('/')
    assert.match(await person.main(), /older than it was.*last 20 changes are missing/)
    await person.press('What to do about it')
    await person.fill({ password: newPassword })
    await person.page.check('#understood')
    await person.press('Go on with the older mailbox')
    await person.go('/')
    assert.doesNotMatch(await person.main(), /older than it was/)
  })

  test('who has no recovery code is urged to get one until they have it', async () => {
    const account = site.accounts.find(alice)
    const kept = account.code
    account.code = ''
    await person.go('/')
    assert.match(await person.main(), /You have no recovery code yet.*your mail is lost/)
    account.adminRecovery = 'active'
    await person.go('/')
    assert.match(
      await person.main(),
      /You have no recovery code yet.*only your administrators can get it back/,
    )
    await person.press('Get my recovery code')
    await person.assertHeading('New recovery code')
    account.adminRecovery = 'none'
    account.code = kept
    await person.go('/')
    assert.doesNotMatch(await person.main(), /no recovery code yet/)
  })

  test('the printed code recovers from another browser, and the pages of the first are signed out', async () => {
    await using stranger = await Visitor.open(browser, { javaScriptEnabled: hasScript })
    const other = new Person(stranger, site)
    await other.go('/sign-in')
    await other.press('Forgot your password? Use your recovery code')
    await other.fill({
      address: 'nobody@example.org',
      code,
      newPassword: alicePassword,
      repeat: alicePassword,
    })
    await other.press('Set the new password')
    const unknown = await other.main()
    await other.fill({
      address: alice,
      code: '0000-0000-0000-0000-0000-0000-0000',
      newPassword: alicePassword,
      repeat: alicePassword,
    })
    await other.press('Set the new password')
    assert.equal(await other.main(), unknown)
    await other.fill({
      code: code.toLowerCase().replaceAll('-', ' '),
      newPassword: alicePassword,
      repeat: alicePassword,
    })
    await other.press('Set the new password')
    await other.assertHeading('You are back')
    assert.notEqual(await other.readSheet(), code)
    await other.press('I have it safe: sign in')
    await other.fill({ address: alice, password: alicePassword })
    await other.press('Sign in')
    await other.assertHeading('Overview')
    await person.go('/')
    await person.assertHeading('Sign in')
  })

  test('turning off says what it means, and wants password and tick', async () => {
    await person.signIn(alicePassword)
    await person.go('/turn-off')
    await person.fill({ password: 'wrong password' })
    await person.page.check('#understood')
    await person.press('Turn encryption off')
    assert.match(await person.main(), /password is wrong/)
    await person.fill({ password: alicePassword })
    await person.page.check('#understood')
    await person.press('Turn encryption off')
    await person.assertHeading('Sealing your mail')
    site.accounts.advance(alice, 20_000)
    await person.go('/progress')
    assert.match(await person.main(), /Encryption is off/)
  })

  test('locked mail is opened with the recovery code', async () => {
    const account = site.accounts.find(alice)
    account.code = code
    await site.accounts.lockMail(alice, Buffer.from('set by an admin'))
    await person.go('/sign-in')
    await person.press('Is your mail locked? Open it again')
    await person.fill({ address: alice, newPassword, repeat: newPassword })
    await person.press('Open my mail')
    assert.match(await person.main(), /one of them is needed/)
    await person.fill({ oldPassword: 'not the old one', newPassword, repeat: newPassword })
    await person.press('Open my mail')
    assert.match(await person.main(), /does not open the mail of this address/)
    await person.fill({ oldPassword: '', code, newPassword, repeat: newPassword })
    await person.press('Open my mail')
    assert.match(await person.main(), /your new password opens it/)
  })

  test('an admin sees accounts and state, and others see no such page', async () => {
    site.accounts.add('admin@example.org', alicePassword)
    await person.signIn(newPassword)
    await person.go('/admin')
    await person.assertHeading('There is no such page')
    await person.press('Sign out')
    await person.signIn(alicePassword, 'admin@example.org')
    await person.go('/admin')
    assert.match(await person.main(), /Accounts \(2\).*alice@example\.org/)
    await person.press('Sign out')
  })

  test('everything is there in German', async () => {
    await person.go('/sign-in')
    await person.press('Deutsch')
    await person.assertHeading('Anmelden')
    await person.fill({ address: alice, password: newPassword })
    await person.press('Anmelden')
    for (const path of [
      '/',
      '/change-password',
      '/app-passwords',
      '/set-up',
      '/sessions',
      '/history',
      '/test-code',
      '/new-code',
      '/turn-off',
    ]) {
      await person.go(path)
      assert.equal(await person.page.getAttribute('html', 'lang'), 'de')
    }
  })
}

suite('in a browser with the script', { skip: withoutBrowser }, () => story(true))
suite('in a browser without scripts', { skip: withoutBrowser }, () => story(false))

test(
  'a progress page whose session a restart has ended says so by itself',
  { skip: withoutBrowser },
  async () => {
    await using site = await pageServer()
    const browser = await startBrowser()
    try {
      await using visitor = await Visitor.open(browser)
      const person = new Person(visitor, site)
      await person.signIn()
      const account = site.accounts.find(alice)
      account.atRest = 'converting'
      account.job = { kind: 'enable', done: 10, total: 100, startedAt: site.clock.now() }
      await person.go('/progress')
      await person.page.context().clearCookies()
      site.dropConnections()
      await person.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    } finally {
      await browser.close()
    }
  },
)
