// PREVIEW: its length in characters, what it is not made of, and that nothing is marked read or opened for LAZY.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Refusal } from '../../src/account/errors.ts'
import { plainContent } from '../support/plain-content.ts'
import type { Client } from './client.ts'
import { withFaults } from './faulty-accounts.ts'
import { mail, makeHarness, type HarnessOptions } from './harness.ts'

async function withMail(
  messages: readonly (string | Buffer)[],
  test: (client: Client) => Promise<void>,
  options: HarnessOptions = {},
): Promise<void> {
  const harness = await makeHarness(options)
  try {
    for (const message of messages) await harness.put(message)
    await test(await harness.select())
  } finally {
    await harness.close()
  }
}

/** The preview in an answer, as text. */
function previewOf(answer = ''): string {
  const bytes = Buffer.from(answer, 'latin1')
  const literal = /PREVIEW \{(\d+)\}\r\n/.exec(answer)
  if (!literal) return /PREVIEW "((?:[^"\\]|\\.)*)"/.exec(answer)?.[1] ?? 'NIL'
  const start = literal.index + literal[0].length
  return bytes.toString('utf8', start, start + Number(literal[1]))
}

function typed(type: string, body: string): Buffer {
  return Buffer.from(mail('typed', '').replace('\r\n\r\n', `\r\nContent-Type: ${type}\r\n\r\n`) + body)
}

describe('PREVIEW', () => {
  const rows: readonly (readonly [name: string, message: string | Buffer, expected: string])[] = [
    ['has at most 200 characters', mail('long', 'word '.repeat(100)), 'word '.repeat(40).trimEnd()],
    [
      'counts characters, not octets or halves of them',
      typed('text/plain; charset=utf-8', '😀'.repeat(300)),
      '😀'.repeat(200),
    ],
    ['is one line', mail('lines', '\r\n\r\n  a\tb\r\nc  \r\n'), 'a b c'],
    ['quotes what it must', mail('quotes', 'say "x" \\ y'), 'say \\"x\\" \\\\ y'],
    [
      'has no markup',
      typed('text/html', '<title>t</title><style>p{}</style><p>a&nbsp;&lt;<b>b</b>c</p>'),
      'a <bc',
    ],
    ['is empty without text', typed('image/png', 'x'), ''],
    ['is empty for an empty message', mail('empty', ''), ''],
    [
      'does not show what is encrypted',
      typed(
        'multipart/encrypted; boundary=b',
        '--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--\r\n',
      ),
      '',
    ],
  ]
  for (const [name, message, expected] of rows) {
    it(name, () =>
      withMail([message], async (client) => {
        const [answer] = await client.ok('FETCH 1 (PREVIEW FLAGS)')
        assert.equal(previewOf(answer), expected)
        assert.match(answer ?? '', /FLAGS \(\\Recent\)/)
      }),
    )
  }

  it('waits for no body with LAZY, and tells of a damaged one otherwise', () =>
    withMail(
      [mail('one'), mail('two')],
      async (client) => {
        const lazy = await client.ok('FETCH 1:2 (PREVIEW (LAZY))')
        for (const [index, answer] of lazy.slice(0, 2).entries())
          assert.match(answer, new RegExp(`^\\* ${index + 1} FETCH \\(PREVIEW (NIL|"Hello\\.")\\)$`))
        // What has been kept ready meanwhile needs no body.
        if (!lazy[0]?.includes('NIL')) return
        const answers = await client.run('FETCH 1:2 PREVIEW')
        assert.equal(answers[0], '* 2 FETCH (PREVIEW "Hello.")')
        assert.match(answers[1] ?? '', /^NO \[CORRUPTION\]/)
      },
      {
        wrap: (accounts) =>
          withFaults(accounts, {
            content: (content) => ({
              ...plainContent(content),
              async *read(start, end) {
                if (content.uid === 1) throw new Refusal('damaged', 'The message is damaged')
                yield* content.read(start, end)
              },
            }),
          }),
      },
    ))
})
