// The parts of the page by themselves: texts, forms, peers, cookies, codes, files for mail programs.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { loadConfig } from '../../src/config/load.ts'
import { makeRecoveryCode, recoveryWordsOf } from '../../src/crypto/recovery-code.ts'
import { readCookie } from '../../src/web/cookies.ts'
import { Form } from '../../src/web/form.ts'
import { appleProfile } from '../../src/web/mail-programs/apple-profile.ts'
import { autoconfigXml } from '../../src/web/mail-programs/autoconfig.ts'
import { autodiscoverXml } from '../../src/web/mail-programs/autodiscover.ts'
import { thunderbirdQr } from '../../src/web/mail-programs/thunderbird-qr.ts'
import { escapeXml } from '../../src/web/mail-programs/xml.ts'
import { boundaryOf, parseMultipart } from '../../src/web/multipart.ts'
import { isFromHere, Networks, peerOf } from '../../src/web/peer.ts'
import { pages } from '../../src/web/registry.ts'
import { Reveal } from '../../src/web/reveal.ts'
import { webSettings } from '../../src/web/settings.ts'
import { bytesInWords, preferredLanguage, translator } from '../../src/web/text.ts'
import { catalogue, type TextKey } from '../../src/web/texts/catalogue.ts'
import { codeIn } from '../../src/web/trying.ts'

const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort()

suite('texts', () => {
  for (const [key, entry] of Object.entries(catalogue)) {
    test(`${key} is there in both languages, with the same values`, () => {
      assert.equal(entry.length, 2)
      for (const text of entry) assert.notEqual(text.trim(), '')
      assert.deepEqual(placeholders(entry[0]), placeholders(entry[1]))
    })
  }

  test('the two languages differ, but for words that are the same in both', () => {
    const same = Object.entries(catalogue).filter(([, [english, german]]) => english === german)
    assert.deepEqual(
      same
        .map(([key]) => key)
        .filter(
          (key) =>
            !/^(setUp\.(port|server|apple|outlook|thunderbird)|sheet\.server|app\.name|admin\.version|keys\.test)$/.test(
              key,
            ),
        ),
      [],
    )
  })

  const wishes: readonly (readonly [header: string | undefined, language: string])[] = [
    [undefined, 'en'],
    ['de', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['en;q=0.5, de;q=0.7', 'de'],
    ['fr, de;q=0.1', 'de'],
    ['fr', 'en'],
    ['de;q=0', 'en'],
    [';;;,,,q=', 'en'],
  ]
  for (const [header, language] of wishes) {
    test(`Accept-Language ${String(header)} gives ${language}`, () =>
      assert.equal(preferredLanguage(header), language))
  }

  test('numbers are written as the language does', () => {
    const key: TextKey = 'job.words'
    assert.equal(translator('en')(key, { done: 1234, total: 12_034 }), '1,234 of 12,034 messages')
    assert.equal(translator('de')(key, { done: 1234, total: 12_034 }), '1.234 von 12.034 Nachrichten')
    assert.equal(bytesInWords('de', 1.5 * 2 ** 30), '1,5 GB')
  })
})

suite('forms', () => {
  test('are read as browsers write them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 20 }), (fields) => {
        const clean = Object.entries(fields)
        const form = Form.parse(Buffer.from(new URLSearchParams(fields).toString()))
        const latin = (name: string): string => Buffer.from(name).toString('latin1')
        for (const [name, value] of new Map([...clean].reverse()))
          assert.equal(form?.secret(latin(name)).toString(), value)
      }),
    )
  })

  const odd: readonly (readonly [text: string, value: string])[] = [
    ['a=%', '%'],
    ['a=%4', '%4'],
    ['a=%zz', '%zz'],
    ['a=1&a=2', '1'],
    ['&&a=1&', '1'],
    ['a', ''],
    ['a==', '='],
    ['a=%00', '\0'],
  ]
  for (const [text, value] of odd) {
    test(`${text} gives ${JSON.stringify(value)}`, () =>
      assert.equal(Form.parse(Buffer.from(text))?.secret('a').toString(), value))
  }

  test('are wiped', () => {
    const form = Form.parse(Buffer.from('password=secret'))
    const bytes = form?.secret('password')
    form?.wipe()
    assert.equal(
      bytes?.every((octet) => octet === 0),
      true,
    )
  })

  const part = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  test('with files are read, and what is not whole is not taken', () => {
    const whole = `${part('a', 'one')}${part('file', '\r\n--c\r\n\0')}--b--\r\n`
    const form = parseMultipart(Buffer.from(whole), 'b')
    assert.equal(form?.text('a'), 'one')
    assert.equal(form.secret('file').toString(), '\r\n--c\r\n\0')
    for (let length = 0; length < whole.length - 4; length++) {
      assert.equal(
        parseMultipart(Buffer.from(whole.slice(0, length)), 'b'),
        undefined,
        whole.slice(0, length),
      )
    }
    assert.equal(boundaryOf('multipart/form-data; boundary="a b"'), 'a b')
    assert.equal(boundaryOf('text/plain; boundary=x'), undefined)
  })
})

suite('who asks', () => {
  const incoming = (
    remoteAddress: string,
    headers: Record<string, string>,
    encrypted = false,
  ): IncomingMessage =>
    ({
      headers: { host: 'mail.example.org', ...headers },
      socket: { remoteAddress, ...(encrypted ? { encrypted } : {}) },
    }) as unknown as IncomingMessage
  const trusted = new Networks(['10.0.0.0/8', '2001:db8::/32'])
  const rows: readonly (readonly [
    string,
    string,
    Record<string, string>,
    string,
    boolean,
    string | undefined,
  ])[] = [
    ['directly over loopback', '127.0.0.1', {}, '127.0.0.1', false, undefined],
    ['mapped loopback', '::ffff:127.0.0.1', {}, '127.0.0.1', false, undefined],
    ['plain from elsewhere', '203.0.113.1', {}, '203.0.113.1', false, 'insecure'],
    [
      'a trusted proxy over TLS',
      '10.1.2.3',
      { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' },
      '203.0.113.9',
      true,
      undefined,
    ],
    [
      'a trusted proxy without TLS',
      '10.1.2.3',
      { 'x-forwarded-for': '203.0.113.9' },
      '203.0.113.9',
      false,
      'insecure',
    ],
    [
      'an invented hop before the real one',
      '10.1.2.3',
      { 'x-forwarded-for': '127.0.0.1, 203.0.113.9, 10.9.9.9', 'x-forwarded-proto': 'https' },
      '203.0.113.9',
      true,
      undefined,
    ],
    [
      'a hop that is no address',
      '10.1.2.3',
      { 'x-forwarded-for': 'x, <b>', 'x-forwarded-proto': 'https' },
      '10.1.2.3',
      true,
      undefined,
    ],
    [
      'a proxy that is not trusted',
      '127.0.0.1',
      { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' },
      '127.0.0.1',
      false,
      'untrusted-proxy',
    ],
    [
      'a trusted proxy by IPv6',
      '2001:db8::1',
      { 'x-forwarded-for': '2001:db9::7', 'x-forwarded-proto': 'https' },
      '2001:db9::7',
      true,
      undefined,
    ],
  ]
  for (const [name, address, headers, remoteAddress, isSecure, refusal] of rows) {
    test(name, () => {
      const peer = peerOf(incoming(address, headers), trusted, undefined)
      assert.deepEqual([peer.remoteAddress, peer.isSecure, peer.refusal], [remoteAddress, isSecure, refusal])
    })
  }

  test('over TLS what a stranger says of others is not believed', () => {
    const peer = peerOf(incoming('203.0.113.1', { 'x-forwarded-for': '127.0.0.1' }, true), trusted, undefined)
    assert.deepEqual([peer.remoteAddress, peer.isSecure, peer.refusal], ['203.0.113.1', true, undefined])
    assert.equal(
      isFromHere(incoming('203.0.113.1', { origin: 'https://mail.example.org' }, true), peer),
      true,
    )
    assert.equal(
      isFromHere(incoming('203.0.113.1', { origin: 'http://mail.example.org' }, true), peer),
      false,
    )
  })

  test('cookies over TLS and without are not taken for each other', () => {
    const header = '__Host-letterlock-session=secure; letterlock-session=plain; letterlock-sessionx=x'
    assert.equal(readCookie(header, 'session', true), 'secure')
    assert.equal(readCookie(header, 'session', false), 'plain')
    assert.equal(readCookie('letterlock-session=a b<', 'session', false), undefined)
  })
})

suite('what is shown once', () => {
  test('is spliced into the page, and only where this page says', () => {
    const [reveal, other] = [new Reveal(), new Reveal()]
    const secret = Buffer.from('SECRET-1')
    const mark = reveal.mark(secret)
    const page = reveal.splice(`<p>ü ${mark} ${other.mark(Buffer.from('FOREIGN-SECRET'))} \uE0000\uE001</p>`)
    assert.match(page.toString('utf8'), /^<p>ü SECRET-1 \uE000/)
    assert.equal(page.includes('FOREIGN-SECRET'), false)
    reveal.wipe()
    assert.equal(
      secret.every((octet) => octet === 0),
      true,
    )
    assert.throws(() => reveal.mark(Buffer.from('<b>')))
  })

  test('a code is found in the text of a whole sheet, in both languages', () => {
    for (const language of ['en', 'de'] as const) {
      const { text } = makeRecoveryCode()
      const values = {
        address: 'a-very-long-address-with-28xx@example.org',
        server: 'mail.example.org',
        date: '28 November 2026',
        url: 'https://mail.example.org/recover',
        code: text.toString(),
        words: recoveryWordsOf(text).toString(),
      }
      const sheet = Buffer.from(translator(language)('sheet.file', values).replaceAll('\n', '\r\n'))
      assert.equal(codeIn(sheet).toString().trim(), text.toString())
    }
  })
})

suite('files for mail programs', () => {
  const settings = webSettings(
    loadConfig({
      flags: { hostname: 'mail.example.org', 'listen.imaps': '[::]:993', 'listen.imap': '[::]:143' },
    }),
  )

  test('Thunderbird finds TLS first and STARTTLS behind it, with passwords', () => {
    const xml = autoconfigXml(settings, 'example.org')
    assert.match(
      xml,
      /<domain>example\.org<\/domain>[^]*<port>993<\/port>\s*<socketType>SSL<[^]*<port>143<\/port>\s*<socketType>STARTTLS<[^]*<outgoingServer type="smtp">/,
    )
    assert.equal(xml.match(/password-cleartext/g)?.length, 3)
  })

  test('Outlook is told server, port and login name', () => {
    assert.match(
      autodiscoverXml(settings, 'alice@example.org'),
      /<Type>IMAP<[^]*<Port>993<[^]*<LoginName>alice@example\.org<[^]*<Encryption>SSL</,
    )
  })

  test('the QR code for Thunderbird on Android has the documented form', () => {
    const bytes = thunderbirdQr(settings, 'alice@example.org', 'My "phone"', Buffer.from('AAAA-BBBB'))
    assert.deepEqual(JSON.parse(bytes?.toString() ?? ''), [
      1,
      [1, 1],
      [0, 'mail.example.org', 993, 3, 1, 'alice@example.org', 'My "phone"', 'AAAA-BBBB'],
      [
        [
          [0, 'mail.example.org', 465, 3, 1, 'alice@example.org', 'AAAA-BBBB'],
          ['alice@example.org', 'alice@example.org'],
        ],
      ],
    ])
  })

  test('a profile for Apple is escaped, and the same account has the same identifiers', () => {
    const [one, two] = [0, 1].map(() =>
      appleProfile(settings, `a&<b>@example.org`, Buffer.from('AAAA')).toString(),
    )
    assert.equal(one, two)
    assert.match(one ?? '', /<string>a&amp;&lt;b&gt;@example\.org<\/string>/)
    assert.match(one ?? '', /<key>IncomingPassword<\/key><string>AAAA<\/string>/)
  })

  test('what XML cannot write is left out', () => assert.equal(escapeXml('a\0\u0008\uFFFE\n<'), 'a\n&lt;'))
})

test('every page has a path of its own, and those in the menu can be asked for', () => {
  const paths = pages.map(({ path }) => path)
  assert.equal(new Set(paths).size, paths.length)
  for (const page of pages) if (page.menu) assert.ok(page.get, page.path)
})
