// Messages of odd MIME, made by chance but the same in every run: nested parts, bad headers, delimiters out of place.
import type { SeededRandom } from '../../bench/random.ts'
import type { CorpusMessage } from '../corpus.ts'

const topFields = [
  'From: Ann <ann@example.org>',
  'From: "O\'Neil, \\"Bob\\"" <bob@example.org>, carol@example.net',
  'From: =?iso-8859-1?Q?J=F6rg?= <joerg@example.org>',
  'From: dave@example.org (Dave, the last)',
  'To: Undisclosed: ;',
  'To: Friends: a@x.test, "B" <b@y.test>; , c@z.test',
  'To: <@relay.test,@other.test:far@example.org>',
  'Cc: "quoted local"@example.org, no-domain, <>',
  'Bcc: hidden@example.org',
  'Sender: robot@example.org',
  'Reply-To: answers@example.org',
  'Subject: =?utf-8?B?R3LDvMOfZQ==?= from afar',
  'Subject: Re: [list] a plain subject',
  'Subject: folded\r\n\tonce\r\n  and again',
  'Subject:',
  'Date: Sat, 21 Nov 2026 12:00:00 +0100',
  'Date: 1 Jan 2000 00:00 GMT',
  'Message-ID: <one@example.org>',
  'In-Reply-To: <zero@example.org> (the first)',
  'References: <zero@example.org> <half@example.org>',
  'X-Empty:',
  'X-Colon : a space before the colon',
  'Received: from a by b; Sat, 21 Nov 2026 12:00:00 +0100',
] as const

const leafTypes = [
  'text/plain',
  'text/plain; charset=utf-8; format=flowed',
  'TEXT/HTML; CHARSET="ISO-8859-1"',
  'text/plain (a comment); charset = us-ascii (another)',
  'text/calendar; method=REQUEST; charset=utf-8',
  'text; charset=utf-8',
  'text/',
  'image/png; name="a \\"quoted\\" name.png"',
  "application/octet-stream; name*=utf-8''gr%C3%BC%C3%9Fe.bin",
  'application/octet-stream; name*0="part one "; name*1="and two.bin"',
  'application/pdf; name==?utf-8?B?R3LDvMOfZQ==?=',
  'application/x-odd;',
  'application/x-odd; a; b=; c=d',
  'message/delivery-status',
  'message/disposition-notification',
  'audio/basic; x="unclosed',
  '',
] as const

const leafFields = [
  'Content-Transfer-Encoding: 7bit',
  'Content-Transfer-Encoding: Base64',
  'Content-Transfer-Encoding: quoted-printable (as usual)',
  'Content-Transfer-Encoding: x-unknown',
  'Content-Transfer-Encoding:',
  'Content-Disposition: attachment; filename="letter.txt"',
  "Content-Disposition: attachment; filename*=utf-8''%E2%82%AC.txt",
  'Content-Disposition: INLINE',
  'Content-Disposition: attachment; size=10; creation-date="Sat, 21 Nov 2026 12:00:00 +0100"',
  'Content-ID: <part1@example.org>',
  'Content-Description: a description',
  'Content-Description: =?utf-8?Q?gr=C3=BC=C3=9Fe?=',
  'Content-Language: en, de',
  'Content-Language: (none) fr',
  'Content-Location: http://example.org/a%20b',
  'Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==',
  'MIME-Version: 1.0',
] as const

const multiparts = ['mixed', 'alternative', 'related; type="text/html"', 'digest', 'signed', 'x-odd'] as const
const lines = [
  '',
  'a line of text',
  '--',
  '--b',
  '-- b',
  'From here',
  '.',
  'caf\xc3\xa9',
  '=41=42',
  'QUJD',
] as const

/** One message, lines ended by CRLF; mostly also the last. */
export function oddMessage(random: SeededRandom): Buffer {
  const text = `MIME-Version: 1.0\r\n${header(random, topFields, 5)}${entity(random, 0, [])}`
  return Buffer.from(random.below(8) === 0 ? text.replace(/\r\n$/, '') : text, 'latin1')
}

/** Messages for what chance brings too rarely: names and lines. */
const rareLines: readonly (readonly [name: string, lines: readonly string[]])[] = [
  [
    'embedded-without-mime-version',
    [
      'Content-Type: message/rfc822',
      'MIME-Version: 1.0',
      '',
      'Content-Language: fr',
      'Subject: a',
      '',
      'text',
    ],
  ],
  [
    'encoded-twice',
    ['MIME-Version: 1.0', 'Content-Transfer-Encoding: 7bit', 'Content-Transfer-Encoding: base64', '', 'QUJD'],
  ],
]

/** The same as messages. */
export const rareMessages: readonly CorpusMessage[] = rareLines.map(([name, lines]) => ({
  name,
  bytes: Buffer.from(lines.map((line) => `${line}\r\n`).join('')),
}))

function header(random: SeededRandom, fields: readonly string[], most: number): string {
  const chosen = new Set(Array.from({ length: random.below(most + 1) }, () => random.pick(fields)))
  return [...chosen].map((field) => `${field}\r\n`).join('')
}

function content(random: SeededRandom, delimiters: readonly string[]): string {
  const chosen = Array.from({ length: random.below(5) }, () => random.pick(lines))
  // A delimiter of a part outside, or of none, in the midst of the text.
  if (delimiters.length > 0 && random.below(12) === 0) {
    chosen.push(`--${random.pick(delimiters)}${random.pick(['', '--', 'x', '  ', '\t--'] as const)}` as never)
  }
  return chosen.map((line) => `${line}\r\n`).join('')
}

/** Header fields of MIME, blank line and body. */
function entity(random: SeededRandom, depth: number, outer: readonly string[]): string {
  const kind = depth > 3 ? 9 : random.below(10)
  const fields = header(random, leafFields, 3)
  if (kind < 4) return multipart(random, depth, outer, fields)
  if (kind === 4) {
    const type = random.pick(['message/rfc822', 'Message/RFC822; x=y', 'message/rfc822 (mail)'])
    const embedded = `${header(random, topFields, 4)}${entity(random, depth + 1, outer)}`
    return `Content-Type: ${type}\r\n${fields}\r\n${random.below(10) === 0 ? '' : embedded}`
  }
  const type = random.pick(leafTypes)
  const typeField = type === '' ? '' : `Content-Type: ${type}\r\n`
  const isBodiless = random.below(12) === 0
  return `${typeField}${fields}${isBodiless ? '' : `\r\n${content(random, outer)}`}`
}

function multipart(random: SeededRandom, depth: number, outer: readonly string[], fields: string): string {
  // One boundary may begin as another one does, or be the very same.
  const boundary = random.pick([`b${depth}`, `b${depth}${depth}`, '=_b', 'b b', 'b'])
  const delimiters = [...outer, boundary]
  const parameter = random.pick([
    `; boundary="${boundary}"`,
    `; boundary="${boundary}"`,
    `;\r\n\tboundary="${boundary}"; x=y`,
    `; BOUNDARY=${boundary.replaceAll(/[ =]/g, '')}`,
    '',
  ])
  const parts = Array.from({ length: random.below(4) }, () => entity(random, depth + 1, delimiters))
  const pieces = [
    `Content-Type: multipart/${random.pick(multiparts)}${parameter}\r\n${fields}\r\n`,
    random.below(3) === 0 ? content(random, outer) : '',
    ...parts.map((part) => `--${boundary}${random.pick(['', '', '  ', '\t'])}\r\n${part}`),
    random.below(6) === 0 ? '' : `\r\n--${boundary}--\r\n`,
    random.below(3) === 0 ? content(random, outer) : '',
  ]
  return pieces.join('')
}
