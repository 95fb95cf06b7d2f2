// The mail that goes through the whole program: the odd messages of fixtures/mail, and real mail when it is at hand.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { normaliseLineEnds } from '../../src/mail/normalise.ts'
import { SeededRandom } from '../bench/random.ts'

export interface CorpusMessage {
  readonly name: string
  /** As SMTP carries it: lines end in CRLF, the last one too. */
  readonly bytes: Buffer
}

export interface Corpus {
  /** Where it comes from, in words. */
  readonly source: string
  readonly messages: readonly CorpusMessage[]
}

/** Real mail when the variable LETTERLOCK_CORPUS names it or it lies beside the repository, else 300 made messages. */
export function loadCorpus(): Corpus {
  const fixtures = directoryMessages(join(process.cwd(), 'fixtures/mail'))
  const corpus = process.env['LETTERLOCK_CORPUS'] ?? join(process.cwd(), '../shared/corpus')
  if (!existsSync(corpus)) return { source: 'made messages', messages: [...fixtures, ...madeMessages(300)] }
  const archive = join(corpus, 'spamassassin-a.tar.gz')
  return {
    source: 'real mail',
    messages: [
      ...fixtures,
      ...directoryMessages(join(corpus, 'eml')),
      ...(existsSync(archive) ? [...untar(gunzipSync(readFileSync(archive)))] : []),
    ],
  }
}

function message(name: string, bytes: Buffer): CorpusMessage {
  const lines = normaliseLineEnds(bytes)
  const isEnded = lines.length === 0 || lines.subarray(-2).toString('latin1') === '\r\n'
  return { name, bytes: isEnded ? lines : Buffer.concat([lines, Buffer.from('\r\n')]) }
}

function directoryMessages(directory: string): CorpusMessage[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.endsWith('.eml'))
    .sort()
    .map((name) => message(name, readFileSync(join(directory, name))))
}

/** Plain files of a tar archive (POSIX ustar). */
function* untar(archive: Buffer): Generator<CorpusMessage> {
  for (let at = 0; at + 512 <= archive.length;) {
    const name = archive.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    const size = parseInt(archive.toString('latin1', at + 124, at + 136), 8) || 0
    const isFile = [0, 48].includes(archive[at + 156] ?? 0)
    if (name !== '' && isFile) yield message(name, archive.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
}

const oddHeaders = [
  'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
  'Subject: gr\xc3\xbc\xc3\x9fe in plain octets',
  'Subject:',
  'X-Long: ' + 'word '.repeat(400),
  'X-Folded: one\r\n\ttwo\r\n  three',
  'To: "a, b" <a@example.org>, undisclosed:;, c@example.org',
  'Content-Type: multipart/mixed; boundary="=_x"',
  'Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit',
  'Return-Path: <somebody@example.net>\r\nDelivered-To: somebody@example.net',
  'Bcc: hidden@example.org\r\nContent-Length: 7',
] as const

const oddLines = [
  '',
  '.',
  '..',
  '. a dot first',
  'From the beginning of a line',
  '>From quoted already',
  'ends in spaces   ',
  '\t',
  '--=_x',
  '--=_x--',
  'Content-Type: message/rfc822',
  'x'.repeat(997),
  'y'.repeat(5_000),
  '\xe9\xff\x80 octets',
  'a nul \0 within',
  '=3D=20=',
] as const

/** Messages of odd headers and odd lines; the same ones in every run. */
function* madeMessages(count: number): Generator<CorpusMessage> {
  const random = new SeededRandom(20)
  for (let number = 0; number < count; number++) {
    const headers = Array.from({ length: 1 + random.below(5) }, () => random.pick(oddHeaders))
    const lines = Array.from({ length: random.below(number % 50 === 0 ? 3_000 : 60) }, () =>
      random.pick(oddLines),
    )
    const text = [`Message-ID: <${number}@made.test>`, ...headers, '', ...lines].join('\r\n')
    yield message(`made-${number}`, Buffer.from(text, 'latin1'))
  }
}
