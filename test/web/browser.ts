// Debian's Chromium, driven by playwright-core; everything that a page complains about is collected.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import assert from 'node:assert/strict'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'
import { findProgram, skipWithout } from '../support/programs.ts'

export const withoutBrowser: string | false = skipWithout('chromium')

/** Nothing is measured by it: what does not come at all is given up. */
const patienceMs = 180_000

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function startBrowser(): Promise<Browser> {
  const executablePath = findProgram('chromium') ?? 'chromium'
  return chromium.launch({ executablePath, args: flags, timeout: patienceMs })
}

/**
 * Does what leads to another page, and resolves when that page is there. The page that was left may still be loading, or loading anew by
 * itself: only what is told of it after the browser has gone on counts.
 */
export async function follow(page: Page, lead: () => Promise<unknown>): Promise<void> {
  const isGone = page.waitForEvent('framenavigated', (frame) => frame === page.mainFrame())
  await Promise.all([isGone, lead()])
  await page.waitForLoadState('domcontentloaded')
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A browser window with its own cookies, and what it was heard to complain of. */
export class Visitor implements AsyncDisposable {
  readonly page: Page
  readonly complaints: string[] = []
  /** Answers with these statuses are meant to come. */
  readonly #context: BrowserContext
  readonly hasScript: boolean

  private constructor(context: BrowserContext, page: Page, hasScript: boolean) {
    this.#context = context
    this.page = page
    this.hasScript = hasScript
    page.on('console', (message) => {
      // Chromium notes every answer of 400 and above there; which ones come, tests assert themselves.
      // A test that types before the browser has moved the focus to what is wrong is quicker than any person.
      if (
        !/the server responded with a status of 4\d\d|^Autofocus processing was blocked/.test(message.text())
      )
        this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? ''
      // A stream that was left, a download that took over from a page.
      if (why !== 'net::ERR_ABORTED') this.complaints.push(`${request.url()}: ${why}`)
    })
  }

  static async open(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    // A page that goes on by itself when something is done may do so at that very moment: the address is typed once more, then.
    const goto = page.goto.bind(page)
    page.goto = (...where) =>
      goto(...where).catch((error: unknown) => {
        if (!String(error).includes('is interrupted by another navigation')) throw error
        return page.goto(...where)
      })
    return new Visitor(context, page, options.javaScriptEnabled !== false)
  }

  /** Fails with every accessibility rule of WCAG 2.2 AA that the page breaks. Needs the script engine. */
  async assertAccessible(): Promise<void> {
    if (!this.hasScript) return
    await this.page.evaluate(axeSource)
    const found = await this.page.evaluate<
      { id: string; nodes: { html: string; failureSummary?: string }[] }[]
    >(
      `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((r) => r.violations)`,
    )
    const words = found.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('\n')}`,
    )
    assert.deepEqual(words, [], this.page.url())
  }

  /** Fails when something is wider than the window. */
  async assertFits(): Promise<void> {
    if (!this.hasScript) return
    const over = await this.page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
    assert.ok(over <= 0, `${this.page.url()} is ${over} pixels too wide`)
  }

  /**
   * Leaves the site. Before its server is stopped: what a browser still fetches of itself after a page has loaded, as the icon, would find
   * nobody there.
   */
  async leave(): Promise<void> {
    await this.page.goto('about:blank')
  }

  assertSilent(): void {
    assert.deepEqual(this.complaints, [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close()
  }
}
