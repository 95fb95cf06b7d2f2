// People who use the page in other ways: by keyboard alone, with letters twice as large, with colours of their own, without movement.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { follow, startBrowser, Visitor, withoutBrowser } from './browser.ts'
import { alice, alicePassword, pageServer, type PageServer } from './page-server.ts'

const pagesWithin = [
  ...['/', '/set-up', '/import', '/export', '/turn-on', '/change-password', '/alternate-address'],
  ...['/app-passwords', '/ways-in', '/public-keys', '/sessions', '/history', '/progress'],
]
const pagesBefore = ['/sign-in', '/recover', '/unlock', '/rolled-back?address=alice@example.org']

/** What has the focus: its words, and whether one can see that it has it. */
async function focused(page: Page): Promise<{ words: string; isSeen: boolean }> {
  return page.evaluate<{ words: string; isSeen: boolean }>(`(() => {
    const at = document.activeElement
    const style = getComputedStyle(at)
    const label = at.labels?.[0]?.textContent ?? at.getAttribute('aria-label') ?? at.textContent ?? ''
    return { words: label.trim(), isSeen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }
  })()`)
}

/** Goes on by Tab until something of these words has the focus. Whatever had it on the way could be seen to have it. */
async function tabTo(page: Page, words: string): Promise<void> {
  const seen: string[] = []
  for (let tries = 0; tries < 60; tries += 1) {
    await page.keyboard.press('Tab')
    const now = await focused(page)
    seen.push(now.words)
    if (now.words !== '' && !now.words.startsWith('Skip'))
      assert.ok(now.isSeen, `${now.words} shows no focus`)
    if (now.words === words) return
  }
  assert.fail(`${words} is not reached, but ${seen.join(' | ')}`)
}

async function typeInto(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, label)
  await page.keyboard.type(text)
}

function enter(page: Page): Promise<void> {
  return follow(page, () => page.keyboard.press('Enter'))
}

const heading = async (page: Page): Promise<string> => (await page.textContent('h1')) ?? ''

async function signIn(page: Page, { url }: PageServer): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await page.fill('#address', alice)
  await page.fill('#password', alicePassword)
  await page.locator('main form button').click()
  await page.waitForURL(`${url}/`)
}

suite('other ways to use the page', { skip: withoutBrowser }, () => {
  let browser: Browser
  before(async () => {
    browser = await startBrowser()
  })
  after(() => browser.close())

  test('by keyboard alone, from signing in to encryption', async () => {
    await using site = await pageServer()
    await using visitor = await Visitor.open(browser)
    const { page } = visitor
    await page.goto(`${site.url}/sign-in`)
    await typeInto(page, 'Mail address', alice)
    await typeInto(page, 'Password', 'wrong')
    await enter(page)
    // What is wrong has the focus, and the fields come next.
    await page.getByRole('alert').waitFor()
    await page.waitForFunction(`document.activeElement.getAttribute('role') === 'alert'`)
    await typeInto(page, 'Password', alicePassword)
    await enter(page)
    assert.equal(await heading(page), 'Overview')
    await tabTo(page, 'Skip to the content')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Turn encryption on')
    await enter(page)
    await typeInto(page, 'Your current password', alicePassword)
    await tabTo(
      page,
      'I understand: without my password and my recovery code my mail cannot be opened again.',
    )
    await page.keyboard.press('Space')
    await tabTo(page, 'Show my recovery code')
    await enter(page)
    assert.equal(await heading(page), 'Your recovery code')
    const groups = await page.locator('#code li').allTextContents()
    await tabTo(page, 'I have it safe: go on')
    await enter(page)
    await typeInto(page, 'The last two groups', groups.slice(-2).join('-'))
    await enter(page)
    assert.equal(await heading(page), 'Sealing your mail')
    assert.equal(site.accounts.find(alice).atRest, 'converting')
    visitor.assertSilent()
  })

  const ways: readonly (readonly [
    name: string,
    options: NonNullable<Parameters<typeof Visitor.open>[1]>,
    look: (page: Page) => Promise<unknown>,
  ])[] = [
    [
      'twice as large, on a desk',
      { viewport: { width: 640, height: 480 }, locale: 'de-DE' },
      async () => undefined,
    ],
    [
      'with letters twice as large',
      { viewport: { width: 640, height: 800 }, locale: 'de-DE' },
      (page) => page.evaluate(`document.documentElement.style.fontSize = '212.5%'`),
    ],
    ['with colours of one’s own', { forcedColors: 'active', colorScheme: 'dark' }, async () => undefined],
    [
      'without movement',
      { reducedMotion: 'reduce' },
      async (page) => {
        const moving = await page.evaluate<string[]>(
          `[...document.querySelectorAll('*')].filter((one) => { const s = getComputedStyle(one); return s.animationName !== 'none' || s.transitionDuration.split(', ').some((d) => parseFloat(d) > 0) }).map((one) => one.outerHTML)`,
        )
        assert.deepEqual(moving, [])
      },
    ],
  ]
  for (const [name, options, look] of ways) {
    test(`${name}: every page is whole, and breaks no rule`, async () => {
      await using site = await pageServer()
      await using visitor = await Visitor.open(browser, options)
      const { page } = visitor
      const account = site.accounts.find(alice)
      account.alternate = 'alice.the.long.winded@mail.elsewhere.example'
      account.job = { kind: 'enable', done: 4_511, total: 12_034, startedAt: site.clock.now() }
      for (const [paths, before] of [
        [pagesBefore, async () => undefined],
        [pagesWithin, () => signIn(page, site)],
      ] as const) {
        await before()
        for (const path of paths) {
          await page.goto(site.url + path)
          await look(page)
          await visitor.assertFits()
          await visitor.assertAccessible()
        }
      }
      visitor.assertSilent()
    })
  }
})
