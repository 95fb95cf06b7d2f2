// Pictures of every page, on a phone and on a desk, light and dark, to be looked at; and nothing is wider than 320 pixels.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startBrowser, Visitor, withoutBrowser } from './browser.ts'
import { alice as openedAccount, makeSite } from '../account/support.ts'
import { alice, alicePassword, pageServer, type PageServer } from './page-server.ts'

const letters = Array.from(
  { length: 3 },
  (_, number) => `From bob@x Fri May  1 12:00:00 2020\nSubject: ${number}\n\nHello.\n\n`,
).join('')

/** Where the pictures stay; without it they go with the test. */
const kept = process.env['LETTERLOCK_SCREENS']

const dayMs = 86_400_000

/** An account with something on every page. */
function furnish({ accounts, clock }: PageServer): void {
  const now = clock.now()
  const account = accounts.find(alice)
  account.atRest = 'on'
  account.code = 'set'
  account.enabledAt = now - 20 * dayMs
  account.appPasswords = [
    {
      id: '1',
      name: 'Phone',
      protocols: ['imap', 'submission'],
      createdAt: now - 9 * dayMs,
      expiresAt: undefined,
      lastUsedAt: now - 3600_000,
      lastUsedFrom: '192.0.2.7, Thunderbird 140.0',
    },
    {
      id: '2',
      name: 'Office',
      protocols: ['imap'],
      createdAt: now - 300 * dayMs,
      expiresAt: now + 60 * dayMs,
      lastUsedAt: undefined,
      lastUsedFrom: undefined,
    },
  ]
  account.trail = [
    {
      at: now - 20 * dayMs,
      kind: 'enabled',
      by: 'owner',
      remoteAddress: '192.0.2.7',
      detail: undefined,
      isNew: false,
    },
    {
      at: now - dayMs,
      kind: 'password-reset-by-admin',
      by: 'admin-key',
      remoteAddress: '198.51.100.4',
      detail: undefined,
      isNew: true,
    },
  ]
  const row = { protocol: 'imap', isTls: true, address: alice }
  accounts.rows = [
    { ...row, sessionId: 'a', remoteAddress: '192.0.2.7', since: now - 3600_000, slotKind: 'app' },
    { ...row, sessionId: 'b', remoteAddress: '2001:db8::15:7', since: now - 7200_000, slotKind: 'password' },
  ]
  accounts.add('admin@example.org', alicePassword)
  for (const [index, name] of ['bert', 'cleo', 'dora', 'emil'].entries()) {
    accounts.add(`${name}@example.org`, 'x', {
      atRest: index % 2 === 0 ? 'on' : 'off',
      usedBytes: 3e8 * (index + 1),
    })
  }
}

/** German is longer; the first two show everything that can be too wide or too pale. */
const looks = [
  { size: 'phone', width: 320, colorScheme: 'dark', locale: 'de-DE' },
  { size: 'desktop', width: 1280, colorScheme: 'light', locale: 'de-DE' },
  { size: 'phone', width: 320, colorScheme: 'light', locale: 'en-GB' },
  { size: 'desktop', width: 1280, colorScheme: 'dark', locale: 'en-GB' },
] as const

type Step = readonly [name: string, go: (visitor: Visitor, site: PageServer) => Promise<unknown>]

const open = (name: string, path: string): Step => [name, ({ page }, { url }) => page.goto(url + path)]

async function signIn({ page }: Visitor, { url }: PageServer, address: string): Promise<void> {
  await page.context().clearCookies()
  await page.goto(`${url}/sign-in`)
  await page.fill('#address', address)
  await page.fill('#password', alicePassword)
  await page.locator('main form button').click()
  await page.waitForURL(`${url}/`)
}

const steps: readonly Step[] = [
  open('sign-in', '/sign-in'),
  [
    'sign-in-wrong',
    async ({ page }) => {
      await page.fill('#address', alice)
      await page.fill('#password', 'wrong')
      await page.locator('main form button').click()
      await page.getByRole('alert').waitFor()
    },
  ],
  open('recover', '/recover'),
  open('unlock', '/unlock'),
  ['overview', (visitor, site) => signIn(visitor, site, alice)],
  open('set-up', '/set-up'),
  open('change-password', '/change-password'),
  open('test-code', '/test-code'),
  open('app-passwords', '/app-passwords'),
  open('alternate-address', '/alternate-address'),
  [
    'alternate-address-set',
    async ({ page }) => {
      await page.fill('#alternate', 'alice.the.long.winded@mail.elsewhere.example')
      await page.fill('#password', alicePassword)
      await page.locator('main form button').first().click()
      await page.getByRole('status').waitFor()
    },
  ],
  open('sessions', '/sessions'),
  open('history', '/history'),
  open('public-keys', '/public-keys'),
  open('turn-off', '/turn-off'),
  open('export', '/export'),
  open('import', '/import'),
  [
    'import-done',
    async ({ page }, { accounts }) => {
      const opened = await openedAccount(await makeSite())
      accounts.opened = async () => opened
      await page.setInputFiles('#files', [
        { name: 'INBOX.mbox', mimeType: 'application/mbox', buffer: Buffer.from(letters) },
        {
          name: 'Holiday picture 2026-07-14 14.32.05.png',
          mimeType: 'image/png',
          buffer: Buffer.from('\x89PNG'),
        },
      ])
      await page.fill('#password', alicePassword)
      await page.locator('main button').last().click()
      await page.locator('dl.facts').waitFor()
      accounts.opened = undefined
    },
  ],
  open('renew-keys', '/renew-keys'),
  [
    'ways-in',
    async ({ page }, { url }) => {
      await page.goto(`${url}/ways-in`)
      await page.fill('#password', alicePassword)
      await page.locator('main button').click()
      await page.locator('dl.facts').first().waitFor()
    },
  ],
  [
    'public-keys-one',
    async ({ page }, { url, accounts }) => {
      accounts.find(alice).keys = [...(await accounts.inspectPublicKeys(Buffer.from('-----BEGIN')))]
      await page.goto(`${url}/public-keys`)
    },
  ],
  open('seal-older', '/seal-older'),
  open('rolled-back', '/rolled-back'),
  open('cancel-recovery', '/recovery/cancel?address=alice@example.org&token=abc'),
  [
    'overview-alarms',
    async ({ page }, { url, accounts, clock }) => {
      const account = accounts.find(alice)
      account.waiting = { readyAt: clock.now() + dayMs, token: 'x' }
      account.rollback = { seenVersion: 120, presentVersion: 100, seenAt: clock.now() }
      await page.goto(url)
      account.waiting = undefined
      account.rollback = undefined
    },
  ],
  [
    'app-password-shown',
    async ({ page }, { url }) => {
      await page.goto(`${url}/app-passwords`)
      await page.fill('#name', 'Tablet')
      await page.fill('#password', alicePassword)
      await page.locator('#new button').click()
      await page.locator('#code').waitFor()
    },
  ],
  [
    'turn-on',
    async ({ page }, { url, accounts }) => {
      accounts.find(alice).atRest = 'off'
      await page.goto(`${url}/turn-on`)
    },
  ],
  [
    'code',
    async ({ page }) => {
      await page.fill('#password', alicePassword)
      await page.check('#understood')
      await page.locator('main form button').click()
      await page.locator('#code').waitFor()
    },
  ],
  open('confirm', '/confirm-code'),
  [
    'confirm-wrong',
    async ({ page }) => {
      await page.fill('#typed', 'AAAA AAAA')
      await page.locator('main form button').first().click()
      await page.getByRole('alert').waitFor()
    },
  ],
  [
    'progress',
    async ({ page }, { url, accounts, clock }) => {
      const account = accounts.find(alice)
      account.atRest = 'converting'
      account.job = { kind: 'enable', done: 4_511, total: 12_034, startedAt: clock.now() }
      await page.goto(`${url}/progress`)
    },
  ],
  [
    'progress-done',
    async ({ page }, { accounts }) => {
      const account = accounts.find(alice)
      account.atRest = 'on'
      account.job = undefined
      // The script hears of it, and loads the page again by itself.
      await page.locator('.notice.good').waitFor()
    },
  ],
  open('new-code', '/new-code'),
  [
    'overview-off',
    async ({ page }, { url, accounts }) => {
      accounts.find(alice).atRest = 'off'
      await page.goto(url)
    },
  ],
  [
    'recover-mistyped',
    async ({ page }, { url }) => {
      await page.context().clearCookies()
      await page.goto(`${url}/recover`)
      await page.fill('#address', alice)
      await page.fill('#code', '0000-0000-0000-0000-0000-0000-0001')
      await page.fill('#newPassword', 'four random words here')
      await page.fill('#repeat', 'four random words here')
      await page.locator('main form button').click()
      await page.getByRole('alert').waitFor()
    },
  ],
  [
    'recovered',
    async ({ page }, { accounts }) => {
      const account = accounts.find(alice)
      account.atRest = 'on'
      account.code = '0000-0000-0000-0000-0000-0000-0000'
      await page.fill('#code', account.code)
      await page.fill('#newPassword', alicePassword)
      await page.fill('#repeat', alicePassword)
      await page.locator('main form button').click()
      await page.locator('#code.code').waitFor()
    },
  ],
  [
    'admin',
    async (visitor, site) => {
      await signIn(visitor, site, 'admin@example.org')
      await visitor.page.goto(`${site.url}/admin`)
    },
  ],
  open('nowhere', '/nowhere'),
]

suite('every page can be looked at', { skip: withoutBrowser }, () => {
  let browser: Browser
  let directory = ''
  before(async () => {
    browser = await startBrowser()
    directory = kept ?? (await mkdtemp(join(tmpdir(), 'letterlock-screens-')))
    await mkdir(directory, { recursive: true })
  })
  after(async () => {
    await browser.close()
    if (kept === undefined) await rm(directory, { recursive: true, force: true })
  })

  for (const { size, width, colorScheme, locale } of kept === undefined ? looks.slice(0, 2) : looks) {
    test(`on a ${size}, ${colorScheme}, ${locale}`, async () => {
      await using site = await pageServer()
      furnish(site)
      await using visitor = await Visitor.open(browser, {
        viewport: { width, height: 800 },
        colorScheme,
        locale,
      })
      for (const [name, go] of steps) {
        await go(visitor, site)
        await visitor.page.screenshot({
          path: join(directory, `${name}-${size}-${colorScheme}.png`),
          fullPage: true,
        })
        await visitor.assertFits()
        // Colours differ: what has too little contrast in the dark is found here.
        await visitor.assertAccessible()
      }
      visitor.assertSilent()
    })
  }

  test('on paper there is the recovery sheet and nothing else', async () => {
    await using site = await pageServer()
    await using visitor = await Visitor.open(browser)
    await signIn(visitor, site, alice)
    const { page } = visitor
    await page.goto(`${site.url}/turn-on`)
    await page.fill('#password', alicePassword)
    await page.check('#understood')
    await page.locator('main form button').click()
    await page.locator('#code').waitFor()
    await page.emulateMedia({ media: 'print' })
    await page.screenshot({ path: join(directory, 'paper.png'), fullPage: true })
    for (const [selector, isThere] of [
      ['.sheet', true],
      ['.blank', true],
      ['header', false],
      ['.button', false],
      ['.lead', false],
    ] as const) {
      const place = page.locator(selector).first()
      if ((await place.isVisible()) !== isThere) throw new Error(`${selector} on paper: ${String(!isThere)}`)
    }
  })
})
