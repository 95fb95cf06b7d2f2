// Deterministic mail of a wanted size: 4 KB of plain text, or 75 KB with alternatives and an attachment.
import { SeededRandom } from './random.ts'

/** One message ready for the wire: CRLF line ends, no line begins with a dot. */
export interface GeneratedMessage {
  /** The header section with its empty line. */
  readonly head: Buffer
  /** Shared between messages of one generator; never change it. */
  readonly body: Buffer
  readonly sizeBytes: number
}

export type MessageShape = 'text' | 'multipart'

// Ordinary words, common ones first: the picker prefers the beginning of the list.
const words = (
  'the to and of a in is for that we you on it with this be are have as not at your our by will from can or if all was but ' +
  'please they meeting week time know would also which there about new next some what when like attached has more order ' +
  'project file number first so team good today send call need any work report change price after people back house think ' +
  'office invoice offer Monday Thursday question customer answer delivery garden holiday contract budget ticket server ' +
  'update problem version release picture school family address account payment machine material summer travel morning ' +
  'evening station engine library colour window paper result method sample reason letter winter doctor market coffee'
).split(' ')
const names = [
  'Ada Byron',
  'Jonas Weber',
  'Mei Lin',
  'Olga Sidorova',
  'Tomás Rey',
  'Priya Nair',
  'Liam Byrne',
]
const hosts = ['mail.example.com', 'mx2.example.net', 'lists.example.org', 'smtp.example.edu']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const poolSize = 32

/** Makes messages of one shape and size; message `index` is always the same bytes for the same seed. */
export class MessageGenerator {
  readonly #shape: MessageShape
  readonly #seed: number
  readonly #bodies: readonly Buffer[]

  /** `sizeBytes` is met to within a few percent, header included. */
  constructor(shape: MessageShape, sizeBytes: number, seed = 1) {
    this.#shape = shape
    this.#seed = seed
    const bodySize = sizeBytes - this.#head(0).length
    const random = new SeededRandom(seed)
    this.#bodies = Array.from({ length: poolSize }, () =>
      shape === 'text' ? textBody(random, bodySize) : multipartBody(random, bodySize),
    )
  }

  message(index: number): GeneratedMessage {
    const body = this.#bodies[index % poolSize]
    if (body === undefined) throw new RangeError('message index must be a natural number')
    const head = this.#head(index)
    return { head, body, sizeBytes: head.length + body.length }
  }

  #head(index: number): Buffer {
    const random = new SeededRandom(this.#seed * 7919 + index)
    const from = random.pick(names)
    const host = random.pick(hosts)
    const date = rfc5322Date(index)
    const lines = [
      ...[0, 1, 2].map(
        (hop) =>
          `Received: from ${random.pick(hosts)} (${random.pick(hosts)} [192.0.2.${random.below(255)}])\r\n` +
          `\tby ${random.pick(hosts)} with ESMTPS id ${hexOf(random, 12)}${hop}\r\n\tfor <reader@example.org>; ${date}`,
      ),
      `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=${host}; s=s1;\r\n` +
        `\th=from:to:subject:date:message-id; bh=${random.bytes(32).toString('base64')};\r\n` +
        [0, 1, 2, 3].map(() => `\t${random.bytes(48).toString('base64')}`).join('\r\n'),
      `From: ${from.includes('á') ? encodedWord(from) : from} <${from.split(' ')[0]?.toLowerCase() ?? 'x'}@${host}>`.replace(
        'tomás',
        'tomas',
      ),
      'To: Reader <reader@example.org>',
      ...(random.below(3) === 0 ? [`Cc: ${random.pick(names.slice(0, 3))} <copy@example.net>`] : []),
      `Subject: ${random.below(5) === 0 ? encodedWord(`Größe ${sentence(random, 3)}`) : sentence(random, 6)}`,
      `Date: ${date}`,
      `Message-ID: <${index}.${hexOf(random, 16)}@${host}>`,
      ...(random.below(3) === 0
        ? [`In-Reply-To: <${hexOf(random, 16)}@${host}>\r\nReferences: <${hexOf(random, 16)}@${host}>`]
        : []),
      ...(random.below(4) === 0 ? ['List-Id: Readers <readers.lists.example.org>\r\nPrecedence: list'] : []),
      'MIME-Version: 1.0',
      this.#shape === 'text'
        ? 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit'
        : 'Content-Type: multipart/mixed; boundary="outer-boundary"',
      'User-Agent: Example Mail 12.3',
    ]
    return Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'utf8')
  }
}

function textBody(random: SeededRandom, sizeBytes: number): Buffer {
  return Buffer.from(prose(random, sizeBytes), 'utf8')
}

function multipartBody(random: SeededRandom, sizeBytes: number): Buffer {
  const before =
    'This is a message with several parts.\r\n\r\n--outer-boundary\r\n' +
    'Content-Type: multipart/alternative; boundary="inner-boundary"\r\n\r\n' +
    '--inner-boundary\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' +
    prose(random, 3_000) +
    '--inner-boundary\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' +
    `<html><body><p>\r\n${prose(random, 9_000)}</p></body></html>\r\n` +
    '--inner-boundary--\r\n\r\n--outer-boundary\r\nContent-Type: application/pdf; name="report.pdf"\r\n' +
    'Content-Disposition: attachment; filename="report.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
  const after = '--outer-boundary--\r\n'
  // 76 characters and CRLF carry 57 bytes.
  const lineCount = Math.max(1, Math.floor((sizeBytes - before.length - after.length) / 78))
  const attachment = Array.from(
    { length: lineCount },
    () => random.bytes(57).toString('base64') + '\r\n',
  ).join('')
  return Buffer.from(before + attachment + after, 'utf8')
}

/** Lines of words, at least `sizeBytes` characters less one line. */
function prose(random: SeededRandom, sizeBytes: number): string {
  let text = ''
  while (text.length < sizeBytes - 75) {
    let line = word(random)
    while (line.length < 64) line += ' ' + word(random)
    text += line + (random.below(9) === 0 ? '.\r\n\r\n' : '\r\n')
  }
  return text
}

function sentence(random: SeededRandom, length: number): string {
  return Array.from({ length }, () => word(random)).join(' ')
}

// The square makes the first words of the list the most frequent, as in real text: content compresses about as well.
function word(random: SeededRandom): string {
  return words[Math.floor(random.next() ** 2 * words.length)] ?? 'the'
}

function hexOf(random: SeededRandom, digits: number): string {
  return random
    .bytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits)
}

function encodedWord(text: string): string {
  return `=?utf-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`
}

function rfc5322Date(index: number): string {
  const date = new Date(Date.UTC(2026, 0, 1) + (index % 500_000) * 61_000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${days[date.getUTCDay()] ?? ''}, ${date.getUTCDate()} ${months[date.getUTCMonth()] ?? ''}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `${day} ${date.getUTCFullYear()} ${time} +0000`
}
