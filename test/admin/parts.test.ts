// The small parts: frames, lines of standard input, made passwords, words, progress, prompts' refusals.
import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import {
  BadFrame,
  decodeSecret,
  encodeFrame,
  encodeJson,
  encodeSecret,
  FrameReader,
  frameKinds,
} from '../../src/admin/frames.ts'
import { makePassword } from '../../src/admin/generate.ts'
import { matchesMask } from '../../src/admin/forms.ts'
import { paintFor } from '../../src/admin/paint.ts'
import { showProgress } from '../../src/admin/progress.ts'
import { StdinLines } from '../../src/admin/stdin-lines.ts'
import { makeView } from '../../src/admin/view.ts'
import {
  durationInWords,
  harmless,
  printable,
  sizeInWords,
  tableLines,
  wrapLines,
} from '../../src/admin/words.ts'

describe('frames', () => {
  const bytes = Buffer.concat([
    encodeJson(frameKinds.request, { command: 'x' }),
    encodeSecret('secret', 'password', Buffer.from([0, 255, 10])),
    encodeFrame(frameKinds.go, Buffer.alloc(0)),
  ])

  it('are the same however they are cut', () => {
    for (let size = 1; size <= bytes.length; size += 1) {
      const reader = new FrameReader([frameKinds.request, frameKinds.secret, frameKinds.go])
      const kinds: number[] = []
      for (let at = 0; at < bytes.length; at += size) {
        const chunk = Buffer.from(bytes.subarray(at, at + size))
        for (const { kind, payload } of reader.read(chunk)) {
          kinds.push(kind)
          if (kind === frameKinds.secret) {
            assert.deepEqual(decodeSecret(payload), { name: 'password', bytes: Buffer.from([0, 255, 10]) })
            assert.ok(payload.every((byte) => byte === 0))
          }
        }
        assert.ok(
          chunk.every((byte) => byte === 0),
          'what was received is wiped',
        )
      }
      assert.deepEqual(kinds, [frameKinds.request, frameKinds.secret, frameKinds.go])
      assert.equal(reader.isInside, false)
    }
  })

  it('are wiped when they end in the middle', () => {
    const reader = new FrameReader([frameKinds.secret])
    const whole = encodeSecret('secret', 'password', Buffer.from('hidden'))
    assert.deepEqual([...reader.read(whole.subarray(0, 12))], [])
    assert.equal(reader.isInside, true)
    reader.wipe()
    assert.equal(reader.isInside, false)
  })

  it('are not made longer than they may be', () => {
    assert.throws(() => encodeFrame(frameKinds.go, Buffer.alloc(1)), BadFrame)
    assert.throws(() => encodeSecret('secret', 'password', Buffer.alloc(5000)), BadFrame)
  })
})

describe('lines of standard input', () => {
  const rows: readonly (readonly [string, readonly (string | Buffer)[], readonly string[]])[] = [
    ['with line ends of both kinds', ['one\r\ntwo\nthree'], ['one', 'two', 'three']],
    ['cut anywhere', ['o', 'ne\r', '\ntw', 'o', '\n'], ['one', 'two']],
    ['that are empty', ['\n\nx\n'], ['', '', 'x']],
    ['that are no UTF-8', [Buffer.from([0xff, 0xfe, 0x0a])], [Buffer.from([0xff, 0xfe]).toString('latin1')]],
    ['that are not there', [], []],
  ]
  for (const [name, chunks, lines] of rows) {
    it(`are read ${name}`, async () => {
      const input = new StdinLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))))
      const read: string[] = []
      for (let line = await input.next(100); line; line = await input.next(100)) {
        read.push(line.toString(name.includes('UTF-8') ? 'latin1' : 'utf8'))
      }
      assert.deepEqual(read, lines)
    })
  }

  it('may be as long as allowed, and not longer', async () => {
    const make = (length: number) => new StdinLines(Readable.from([Buffer.from(`${'x'.repeat(length)}\r\n`)]))
    assert.equal((await make(10).next(10))?.length, 10)
    await assert.rejects(make(12).next(10), RangeError)
  })
})

describe('a made password', () => {
  it('has 100 bits in letters that cannot be mistaken, and is another one each time', () => {
    const made = new Set<string>()
    for (let count = 0; count < 100; count += 1) {
      const text = makePassword().toString('latin1')
      assert.match(text, /^([0-9a-hjkmnp-tv-z]{4}-){4}[0-9a-hjkmnp-tv-z]{4}$/)
      made.add(text)
    }
    assert.equal(made.size, 100)
  })
})

describe('words', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [150 * 1024, '150 KiB'],
    [3 * 2 ** 30, '3 GiB'],
    [5 * 2 ** 40, '5 TiB'],
  ] as const) {
    it(`say ${bytes} bytes as ${text}`, () => assert.equal(sizeInWords(bytes), text))
  }
  for (const [ms, text] of [
    [0, '0 s'],
    [999, '0 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [90_061_000, '1 d 1 h'],
  ] as const) {
    it(`say ${ms} ms as ${text}`, () => assert.equal(durationInWords(ms), text))
  }

  it('stand in columns', () => {
    assert.deepEqual(tableLines(['A', 'LONG'], [['one', 'x']]), ['A    LONG', 'one  x'])
  })

  it('are broken at spaces and keep their own line ends', () => {
    assert.deepEqual(wrapLines('one two three\n\nfour', 9), ['one two', 'three', '', 'four'])
  })
})

describe('masks', () => {
  for (const [mask, address, fits] of [
    ['*', 'a@b', true],
    ['*@example.org', 'Alice@EXAMPLE.org', true],
    ['a?ice@*', 'alice@example.org', true],
    ['alice@example.org', 'alice@example.orgs', false],
    ['a.ice@*', 'alice@example.org', false],
    ['a(b@*', 'a(b@x', true],
    [`${'*'.repeat(200)}!`, 'x'.repeat(300), false],
  ] as const) {
    it(`${mask.slice(0, 20)} ${fits ? 'fits' : 'does not fit'} ${address.slice(0, 20)}`, () => {
      assert.equal(matchesMask(mask, address), fits)
    })
  }
})

describe('colours', () => {
  for (const [name, stream, env, isWanted, isOn] of [
    ['on a terminal', { isTTY: true }, {}, true, true],
    ['not in a pipe', {}, {}, true, false],
    ['not with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, true, false],
    ['with an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, true, true],
    ['not on a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, true, false],
    ['not with --no-color', { isTTY: true }, {}, false, false],
  ] as const) {
    it(`are ${isOn ? 'there' : 'absent'} ${name}`, () => {
      assert.equal(paintFor(stream, env, isWanted).isOn, isOn)
      assert.equal(paintFor(stream, env, isWanted).red('x') === 'x', !isOn)
    })
  }
})

describe('progress', () => {
  it('is a plain line every ten seconds where there is no terminal', () => {
    const stderr = new PassThrough()
    const view = makeView({ stdin: new PassThrough(), stdout: new PassThrough(), stderr }, {})
    let now = 0
    const progress = showProgress(view, 'sealing', 'messages', () => now)
    for (let second = 1; second <= 25; second += 1) {
      now = second * 1000
      progress(second, 30)
    }
    // Long work says at its end several times that all is done.
    for (let again = 0; again < 3; again += 1) progress(30, 30)
    const lines = (stderr.read() as Buffer).toString('utf8').trim().split('\n')
    assert.deepEqual(lines, [
      'sealing: 10 of 30 messages, 20 s left',
      'sealing: 20 of 30 messages, 10 s left',
      'sealing: 30 of 30 messages',
    ])
  })

  it('is one line that changes on a terminal, and is gone at the end', () => {
    const stderr = Object.assign(new PassThrough(), { isTTY: true })
    const view = makeView(
      { stdin: new PassThrough(), stdout: new PassThrough(), stderr },
      { NO_COLOR: '1', LANG: 'C.UTF-8' },
    )
    const progress = showProgress(view, 'sealing', 'messages', () => 0)
    progress(1, 2)
    progress(2, 2)
    assert.equal(
      (stderr.read() as Buffer).toString('utf8'),
      'sealing ██████████░░░░░░░░░░ 1 of 2 messages\r\x1b[2K',
    )
  })
})

describe('text from elsewhere', () => {
  it('cannot drive the terminal', () => {
    assert.equal(printable('a\x1b[2Jb\u202ec\n'), 'a\ufffd[2Jb\ufffdc\ufffd')
  })
})

describe('text of several lines that others wrote', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['a\r\nb\tc\n', 'a\r\nb\tc\n'],
    ['\u001b[31mred\u009b0m\u0007', '\ufffd[31mred\ufffd0m\ufffd'],
    ['over\rwritten', 'overwritten'],
    ['right\u202eleft\u2028', 'right\ufffdleft\ufffd'],
    ['äöü 漢字 😀', 'äöü 漢字 😀'],
  ]
  for (const [text, shown] of rows)
    it(`${JSON.stringify(text)} cannot drive the terminal`, () => assert.equal(harmless(text), shown))

  it('is shown so on a terminal, also where a character is cut in two, and left as it is in a pipe', async () => {
    for (const isTTY of [true, false]) {
      const stdout = Object.assign(new PassThrough(), { isTTY })
      const view = makeView({ stdin: new PassThrough(), stdout, stderr: new PassThrough() }, {})
      const bytes = Buffer.from('ü\u001b[0m\n')
      await view.data(bytes.subarray(0, 1))
      await view.data(bytes.subarray(1))
      assert.equal(String(stdout.read()), isTTY ? 'ü\ufffd[0m\n' : 'ü\u001b[0m\n')
    }
  })
})
