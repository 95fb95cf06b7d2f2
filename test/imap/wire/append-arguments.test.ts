// APPEND's messages: what is read between their literals, and what is no APPEND.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { collect } from '../../../src/base/async.ts'
import {
  readFirstMessage,
  readOn,
  type AppendSegment,
  type AppendStep,
} from '../../../src/imap/wire/append-arguments.ts'
import { ArgumentReader } from '../../../src/imap/wire/arguments.ts'
import type { FramerEvent } from '../../../src/imap/wire/framer-events.ts'
import { Framer } from '../../../src/imap/wire/framer.ts'
import { limitsAfterLogin } from '../../../src/imap/wire/limits.ts'

type Literal = { readonly sizeBytes: number; readonly isBinary: boolean } | undefined

function shown(step: AppendStep): string {
  switch (step.kind) {
    case 'message':
      return `(${step.flags.join(' ')}) ${step.internalDate?.epochMs ?? '-'}${step.isBinary ? ' binary' : ''}`
    case 'literal':
      return `${step.isBinary ? '~' : ''}{${step.sizeBytes}}${step.isUtf8 ? ' utf8' : ''}`
    case 'url':
      return step.url
    case 'end':
      return 'end'
  }
}

/** The steps of a command, or the name of what is thrown. */
async function stepsOf(text: string, isSingle = false): Promise<string> {
  const framer = new Framer(limitsAfterLogin)
  framer.push(Buffer.from(`a APPEND${text}\r\n`, 'latin1'))
  framer.end()
  const said: string[] = []
  let event: FramerEvent | undefined = framer.take()
  let segment: AppendSegment | undefined
  try {
    for (;;) {
      if (event?.kind !== 'literal' && event?.kind !== 'command') return event?.kind ?? 'nothing'
      const reader: ArgumentReader = new ArgumentReader(event.command, {
        limits: limitsAfterLogin,
        isUtf8: false,
      })
      const literal: Literal = event.kind === 'literal' ? event : undefined
      let found: AppendSegment | undefined
      if (segment?.place) found = readOn(reader, segment.place, literal, { isSingle })
      else {
        reader.space()
        if (!(reader.isAtEnd && literal)) {
          said.push(reader.mailbox())
          found = readFirstMessage(reader, literal, { isSingle })
          if (!found) said.length = 0
        }
      }
      if (!found && event.kind === 'literal') event.accept()
      if (found) {
        segment = found
        said.push(...found.steps.map(shown))
        if (event.kind === 'command') {
          reader.end()
          return said.join(', ')
        }
        await collect(event.stream())
      }
      event = segment ? await framer.more() : framer.take()
    }
  } catch (error) {
    return error instanceof Error ? error.name : 'strange'
  }
}

const date = '" 7-Feb-1994 21:52:25 -0800"'
const rows: readonly (readonly [string, string])[] = [
  [' box (\\Seen) {3+}\r\nabc', 'box, (\\Seen) -, {3}, end'],
  [' inbox {3+}\r\nabc ', 'INBOX, () -, {3}, end'],
  [` x (\\Seen y) ${date} {1+}\r\na`, 'x, (\\Seen y) 760686745000, {1}, end'],
  [` x ${date} ~{1+}\r\na`, 'x, () 760686745000 binary, ~{1}, end'],
  [' {3+}\r\na b () {1+}\r\na', 'a b, () -, {1}, end'],
  [' {0+}\r\n {1+}\r\na', ', () -, {1}, end'],
  // MULTIAPPEND
  [' x {1+}\r\na (\\Seen) {2+}\r\nbb {0+}\r\n', 'x, () -, {1}, end, (\\Seen) -, {2}, end, () -, {0}, end'],
  [` x {1+}\r\na ${date} ~{2+}\r\nbb`, 'x, () -, {1}, end, () 760686745000 binary, ~{2}, end'],
  [' x {1+}\r\na {1+}\r\nb (\\Seen)', 'BadSyntax'],
  [' x {1+}\r\na(\\Seen) {1+}\r\nb', 'BadSyntax'],
  [' x {1+}\r\na{1+}\r\nb', 'BadSyntax'],
  [' x {1+}\r\na  {1+}\r\nb', 'BadSyntax'],
  [' x {1+}\r\na garbage', 'BadSyntax'],
  // CATENATE
  [' x CATENATE (URL /a/;UID=1)', 'x, () - binary, /a/;UID=1, end'],
  [' x (\\Seen) catenate (text {1+}\r\na)', 'x, (\\Seen) - binary, {1}, end'],
  [
    ' x CATENATE (URL "/a" TEXT {1+}\r\na URL {2+}\r\n/b TEXT ~{1+}\r\nb URL /c)',
    'x, () - binary, /a, {1}, /b, ~{1}, /c, end',
  ],
  [
    ' x CATENATE (TEXT {1+}\r\na) (\\Seen) CATENATE (URL /b) {1+}\r\nc',
    'x, () - binary, {1}, end, (\\Seen) - binary, /b, end, () -, {1}, end',
  ],
  [' x CATENATE (URL /a) CATENATE (URL /b)', 'x, () - binary, /a, end, () - binary, /b, end'],
  [' x CATENATE ()', 'BadSyntax'],
  [' x CATENATE (TEXT "a")', 'BadSyntax'],
  [' x CATENATE (TEXT {1+}\r\na', 'BadSyntax'],
  [' x CATENATE (TEXT {1+}\r\naURL /b)', 'BadSyntax'],
  [' x CATENATE (URL)', 'BadSyntax'],
  [' x CATENATE (FILE /b)', 'BadSyntax'],
  [' x CATENATE URL /b', 'BadSyntax'],
  // UTF8
  [' x UTF8 (~{2+}\r\nab)', 'x, () - binary, ~{2} utf8, end'],
  [' x UTF8 (~{2+}\r\nab) {1+}\r\nc', 'x, () - binary, ~{2} utf8, end, () -, {1}, end'],
  [' x CATENATE (UTF8 (~{2+}\r\nab) URL /c)', 'x, () - binary, ~{2} utf8, /c, end'],
  [' x UTF8 ({2+}\r\nab)', 'BadSyntax'],
  [' x UTF8 (~{2+}\r\nab', 'BadSyntax'],
  [' x UTF8 ~{2+}\r\nab', 'BadSyntax'],
  // no APPEND
  [' x', 'BadSyntax'],
  [' x "abc"', 'BadSyntax'],
  [' x {1+}\r\ny z', 'BadSyntax'],
  [' {1+}\r\nx', 'BadSyntax'],
  [' {1+}\r\nx{3+}\r\nabc', 'BadSyntax'],
  [' x (\\Recent) {3+}\r\nabc', 'BadSyntax'],
  [' x (\\Seen){3+}\r\nabc', 'BadSyntax'],
  ['{3+}\r\nabc', 'BadSyntax'],
  ['', 'BadSyntax'],
]

describe('the arguments of APPEND', () => {
  for (const [text, expected] of rows) {
    it(`are read of APPEND${JSON.stringify(text)}`, async () => assert.equal(await stepsOf(text), expected))
  }

  it('are one message where only one may be', async () => {
    assert.equal(await stepsOf(' x {1+}\r\na ', true), 'x, () -, {1}, end')
    assert.equal(await stepsOf(' x {1+}\r\na {1+}\r\nb', true), 'BadSyntax')
    assert.equal(await stepsOf(' x CATENATE (TEXT {1+}\r\na) CATENATE (URL /b)', true), 'BadSyntax')
  })
})
