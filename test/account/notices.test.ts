// What the server writes to owners: in both languages, in the one they chose, as mail that every program reads.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simpleParser } from 'mailparser'
import { ownKeyTexts } from '../../src/account/notice-texts-keys.ts'
import { noticeTexts, type NoticeName } from '../../src/account/notice-texts.ts'
import { linesOf, NoticeWords } from '../../src/account/notice-words.ts'
import { composeNotice, type OutgoingMail } from '../../src/account/notices.ts'
import { noticesDue } from '../../src/account/pubkey-notices.ts'
import type { SealingRecord, StoredKey } from '../../src/account/pubkey-codec.ts'
import type { Trouble } from '../../src/account/sealing.ts'
import { languages, type Language } from '../../src/base/language.ts'
import { alice, makeSite, password } from './support.ts'

const address = 'alice@example.org'
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort()
const noticeNames = Object.keys(noticeTexts)
  .filter((key) => key.endsWith('.subject') && key.replace(/subject$/, 'text') in noticeTexts)
  .map((key) => key.replace(/\.subject$/, '') as NoticeName)

describe('the words of notices', () => {
  for (const [key, entry] of Object.entries(noticeTexts)) {
    it(`${key} is there in both languages, with the same values and as many paragraphs`, () => {
      const [english, german] = entry
      for (const text of entry) assert.notEqual(text.trim(), '')
      assert.notEqual(english, german)
      assert.deepEqual(placeholders(english), placeholders(german))
      const shape = (text: string): boolean[] => text.split('\n').map((line) => line === '')
      assert.deepEqual(shape(english), shape(german))
      // What is to be typed is the same in both, but for what stands for a file.
      const typed = (text: string): string[] =>
        text
          .split('\n')
          .filter((line) => line.startsWith('    '))
          .map((line) => line.replace('DATEI', 'FILE'))
      assert.deepEqual(typed(english), typed(german))
    })
  }

  it('are lines that fit, and what is to be typed stays whole', () => {
    const long = `letterlock atrest code regenerate ${'a'.repeat(60)}@example.org`
    const lines = linesOf(`${'word '.repeat(40)}\n\n    ${long}\n\nEnd.\n`)
    assert.deepEqual(lines.slice(3), ['', `    ${long}`, '', 'End.'])
    assert.ok(lines.slice(0, 3).every((line) => line.length <= 76 && line.startsWith('word')))
    assert.deepEqual(linesOf(`${'ü'.repeat(40)} ${'ü'.repeat(35)}`), [`${'ü'.repeat(40)} ${'ü'.repeat(35)}`])
  })

  for (const language of languages) {
    for (const name of noticeNames) {
      it(`${name} is mail that programs read (${language})`, async () => {
        const notice = new NoticeWords(language).notice(name, {
          address,
          secret: 'AAAA',
          kind: 'x',
          left: 'y',
        })
        const bytes = composeNotice('mail.example.org', address, notice, Date.UTC(2026, 10, 29))
        const [head = '', body = ''] = bytes.toString().split(/\r\n\r\n([^]*)/, 2)
        assert.match(head, /^[\r\n -~]*$/)
        for (const line of `${head}\r\n${body}`.split('\r\n')) {
          assert.ok(!/[\r\n]/.test(line))
          if (!line.startsWith(' ')) assert.ok(Array.from(line).length <= 76, line)
        }
        const parsed = await simpleParser(bytes)
        assert.equal(parsed.subject, notice.subject)
        assert.equal(parsed.headers.get('content-language'), language)
        assert.equal(parsed.from?.value[0]?.name, language === 'de' ? 'Mailserver' : 'Mail server')
        assert.equal(
          (parsed.text ?? '').split(/\s+/).join(' ').trim(),
          notice.text.split(/\s+/).join(' ').trim(),
        )
      })
    }
  }
})

describe('notices about own keys', () => {
  const now = Date.UTC(2026, 10, 29)
  const key = (kind: StoredKey['kind'], expiresAt: number, fingerprint = 'AB12'): StoredKey => ({
    ...{ kind, fingerprint, names: ['Alice <alice@example.org>'], algorithm: 'Curve25519' },
    ...{ addedAt: 0, createdAt: 0, expiresAt, bytes: Buffer.alloc(0) },
  })
  const record = (keys: StoredKey[], onTrouble: 'defer' | 'store-marked'): SealingRecord => ({
    serial: 1,
    settings: { append: undefined, exceptDrafts: false, protectHeaders: false, onTrouble },
    keys,
  })
  const dayMs = 86_400_000
  const other = key('openpgp', now + 400 * dayMs, 'CD34')
  const rows: readonly (readonly [string, SealingRecord, Trouble | undefined, subject: string])[] = [
    [
      'expires',
      record([key('openpgp', now + 6.5 * dayMs)], 'defer'),
      undefined,
      'Ihr OpenPGP-Schlüssel läuft in 7 Tagen ab',
    ],
    [
      'expires soon',
      record([key('smime', now + dayMs / 2)], 'store-marked'),
      undefined,
      'Ihr S/MIME-Zertifikat läuft innerhalb eines Tages ab',
    ],
    [
      'expires, one of two',
      record([key('openpgp', now + dayMs / 2), other], 'defer'),
      undefined,
      'Ihr OpenPGP-Schlüssel läuft innerhalb eines Tages ab',
    ],
    [
      'has expired',
      record([key('openpgp', now - 1)], 'defer'),
      'no-usable-key',
      'Ihr OpenPGP-Schlüssel ist abgelaufen: Post für Sie wird abgewiesen',
    ],
    [
      'has expired, stored',
      record([key('smime', now - 1)], 'store-marked'),
      'no-usable-key',
      'Ihr S/MIME-Zertifikat ist abgelaufen: Post wird nicht mehr daran versiegelt',
    ],
    [
      'has expired, one of two',
      record([key('openpgp', now - 1), other], 'defer'),
      undefined,
      'Ihr OpenPGP-Schlüssel ist abgelaufen',
    ],
    ['is refused', record([other], 'defer'), 'refused-by-key', 'Post für Sie wird abgewiesen'],
    [
      'is switched off',
      record([other], 'defer'),
      'switched-off',
      'Post wird nicht mehr an Ihren eigenen Schlüssel versiegelt',
    ],
  ]
  for (const [name, given, trouble, subject] of rows) {
    it(`${name}: nothing is left to fill in, in either language`, () => {
      for (const language of languages) {
        const [due, ...more] = noticesDue(address, given, new Map(), trouble, now)
        assert.equal(more.length, 0)
        const notice = due?.say(new NoticeWords(language))
        assert.doesNotMatch(`${notice?.subject ?? '{'} ${notice?.text ?? '{'}`, /[{}]/)
        if (language === 'de') assert.equal(notice?.subject, subject)
        else assert.doesNotMatch(notice?.subject ?? 'ü', /[äöüß]/)
      }
    })
  }

  it('have all of their words in use', () => {
    assert.ok(Object.keys(ownKeyTexts).every((key) => key in noticeTexts))
  })
})

describe('an owner is written to', () => {
  async function told(site: Language | undefined, chosen: Language | undefined): Promise<string> {
    const sent: Buffer[] = []
    const outgoing: OutgoingMail = { send: async (_, message) => void sent.push(Buffer.from(message)) }
    const here = await makeSite({
      outgoing,
      recovery: { delayMs: 0, mail: 'code', intoMailbox: true },
      ...(site === undefined ? {} : { language: site }),
    })
    await (await alice(here)).close()
    await here.accounts.setLanguage(address, chosen)
    assert.equal((await here.accounts.info(address)).language, chosen)
    await here.accounts.setAlternateAddress(address, 'alice@elsewhere.example')
    const { recoveryCode, finished } = await here.accounts.enableAtRest(address, password())
    await finished
    const parsed = await simpleParser(sent.at(-1) ?? Buffer.alloc(0))
    assert.ok(parsed.text?.includes(`\n    ${recoveryCode.toString()}\n`))
    await here.accounts.close()
    return parsed.subject ?? ''
  }
  const rows: readonly (readonly [Language | undefined, Language | undefined, string])[] = [
    [undefined, undefined, 'Your recovery code'],
    ['de', undefined, 'Ihr Wiederherstellungscode'],
    [undefined, 'de', 'Ihr Wiederherstellungscode'],
    ['de', 'en', 'Your recovery code'],
  ]
  for (const [site, chosen, subject] of rows) {
    it(`in ${chosen ?? 'what the site has'}, where the site has ${site ?? 'nothing'}: ${subject}`, async () =>
      assert.equal(await told(site, chosen), subject))
  }

  it('in no language any more when the choice is taken back', async () => {
    const site = await makeSite()
    await (await alice(site)).close()
    await site.accounts.setLanguage(address, 'de')
    await site.accounts.setLanguage(address, undefined)
    assert.equal((await site.accounts.info(address)).language, undefined)
    await site.accounts.close()
  })
})
