// Questions and lines on terminals that do not show UTF-8: plain ASCII, and what is typed is taken as it is.
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { terminalAsker } from '../../src/admin/ask.ts'
import { asFailure } from '../../src/admin/failure.ts'
import { showsUtf8 } from '../../src/admin/plain-ask.ts'
import { makeView, type Streams } from '../../src/admin/view.ts'

interface Screen {
  readonly streams: Streams
  readonly type: (text: string | Buffer) => void
  readonly shown: () => string
  readonly modes: boolean[]
}

function screen(): Screen {
  const modes: boolean[] = []
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => void modes.push(isRaw),
  })
  const terminal = (): PassThrough & { readonly isTTY: boolean } =>
    Object.assign(new PassThrough(), { isTTY: true })
  const [stdout, stderr] = [terminal(), terminal()]
  return {
    ...{ streams: { stdin, stdout, stderr }, modes },
    type: (text) => void stdin.write(text),
    shown: () => String(stderr.read() ?? ''),
  }
}

const plain = { LANG: 'C' }
const isAscii = (text: string): boolean => /^[\t\n\r\x08\x1b\x20-\x7e]*$/.test(text)

describe('which terminals show UTF-8', () => {
  const rows: readonly (readonly [NodeJS.ProcessEnv, boolean])[] = [
    [{}, false],
    [{ LANG: 'C' }, false],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, true],
    [{ LANG: 'C', LC_ALL: '', LC_CTYPE: 'C.UTF-8' }, true],
    [{ LANG: 'C.UTF-8', TERM: 'linux' }, false],
    [{ LANG: 'C.UTF-8', TERM: 'dumb' }, false],
  ]
  for (const [env, shows] of rows)
    it(`${JSON.stringify(env)}: ${shows}`, () => assert.equal(showsUtf8(env), shows))
})

describe('a question in plain ASCII', () => {
  const typed: readonly (readonly [name: string, keys: string | Buffer, gives: string | Buffer])[] = [
    ['letters', 'secret\r', 'secret'],
    ['nothing', '\r', ''],
    ['a letter taken back', 'secx\x7fret\n', 'secret'],
    ['more taken back than there is', '\x7f\x08ab\x7f\x7f\x7fc\r', 'c'],
    ['the line taken back', 'wrong\x15right\r', 'right'],
    ['a character of several octets taken back', 'a\u00fc\u6f22\x7f\x7fb\r', 'ab'],
    ['octets that are no UTF-8', Buffer.from([0x61, 0xfc, 0x0d]), Buffer.from([0x61, 0xfc])],
    ['control characters, which are none of it', 'a\x1bb\tc\r', 'abc'],
  ]
  for (const [name, keys, gives] of typed)
    it(`takes ${name}`, async () => {
      const { streams, type, shown, modes } = screen()
      const asked = terminalAsker(streams, new AbortController().signal, plain).secret('Password')
      type(keys)
      assert.deepEqual(await asked, Buffer.from(gives))
      const text = shown()
      assert.ok(isAscii(text) && text.startsWith('Password: ') && text.endsWith('\n'), JSON.stringify(text))
      if (gives.length > 0) assert.ok(!text.includes(String(gives)), 'it is not shown')
      assert.deepEqual(modes, [true, false])
    })

  it('shows what is no secret, and leaves what is typed ahead to the next question', async () => {
    const { streams, type, shown } = screen()
    const asker = terminalAsker(streams, new AbortController().signal, plain)
    const first = asker.line('Type \u2019all\u2019')
    type('all\rnext\r')
    assert.equal(await first, 'all')
    assert.equal((await asker.secret('Password')).toString(), 'next')
    assert.equal(shown(), "Type 'all': all\nPassword: ****\n")
  })

  for (const [name, keys] of [
    ['^C', 'abc\x03'],
    ['^D', '\x04'],
  ] as const)
    it(`ends with ${name}, and gives the terminal back`, async () => {
      const { streams, type, modes } = screen()
      const asked = terminalAsker(streams, new AbortController().signal, plain).secret('Password')
      type(keys)
      await assert.rejects(asked, (error) => asFailure(error)?.code === 'interrupted')
      assert.deepEqual(modes, [true, false])
    })

  it('ends when the command is told to, or was', async () => {
    const { streams } = screen()
    const stop = new AbortController()
    const asker = terminalAsker(streams, stop.signal, plain)
    const asked = asker.secret('Password')
    stop.abort()
    await assert.rejects(asked, (error) => asFailure(error)?.code === 'interrupted')
    await assert.rejects(asker.line('x'), (error) => asFailure(error)?.code === 'interrupted')
  })
})

describe('lines on a terminal that does not show UTF-8', () => {
  it('are ASCII but for names', () => {
    const { streams, shown } = screen()
    const view = makeView(streams, { ...plain, NO_COLOR: '1' })
    view.talk('the site\u2019s key, \u201cso\u201d \u2013 \u2588\u2591\u2026 of m\u00fcller@example.org')
    assert.equal(shown(), 'the site\'s key, "so" - #-... of m\u00fcller@example.org\n')
  })
})
