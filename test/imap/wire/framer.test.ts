// The framer: commands come out whole, or are refused whole, however the bytes arrive.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Framer } from '../../../src/imap/wire/framer.ts'
import { limitsBeforeLogin } from '../../../src/imap/wire/limits.ts'
import { wipeCommand } from '../../../src/imap/wire/wire-command.ts'
import { describeCommand, smallLimits, transcript, type Decide } from './framer-harness.ts'

const long = 'x'.repeat(120)

/** Name, input, what the framer says. */
const rows: readonly (readonly [string, string, readonly string[], Decide?])[] = [
  ['reads a command without arguments', 'a NOOP\r\n', ['a NOOP@6|a NOOP']],
  ['takes a lone LF as a line end', 'a NOOP\nb noop\r\n', ['a NOOP@6|a NOOP', 'b NOOP@6|b noop']],
  ['keeps a CR that is not before LF', 'a NOOP \rx\r\n', ['a NOOP@6|a NOOP \rx']],
  [
    'reads pipelined commands',
    'A3 NAMESPACE\r\nA4 LIST "" *\r\n',
    ['A3 NAMESPACE@12|A3 NAMESPACE', 'A4 LIST@7|A4 LIST "" *'],
  ],
  ['folds UID into the name', 'a uid Fetch 1 UID\r\n', ['a UID FETCH@11|a uid Fetch 1 UID']],
  ['leaves UID alone a command of its own', 'a UID\r\n', ['a UID@5|a UID']],
  [
    'buffers a literal',
    'a LOGIN {3}\r\nj\r\n {2}\r\nxy\r\n',
    ['accept {3}', 'accept {2}', 'a LOGIN@7|a LOGIN |"j\\r\\n"| |"xy"|'],
  ],
  [
    'takes LITERAL+',
    'a LOGIN {1+}\r\nj {2+}\r\nxy\r\n',
    ['accept {1+}', 'accept {2+}', 'a LOGIN@7|a LOGIN |"j"| |"xy"|'],
  ],
  ['knows literal8', 'a APPEND x ~{1}\r\n\0\r\n', ['accept {1}', 'a APPEND@8|a APPEND x |~"\\u0000"|']],
  ['takes an empty literal', 'a X {0+}\r\n\r\n', ['accept {0+}', 'a X@3|a X |""|']],
  ['refuses an empty line', '\r\nb NOOP\r\n', ['refused * - bad-tag', 'b NOOP@6|b NOOP']],
  ['refuses a tag with a plus', 'a+ NOOP\r\n', ['refused * - bad-tag']],
  [
    'refuses a command without a name by its tag',
    'a\r\nb \r\nc  NOOP\r\n',
    ['refused a - bad-tag', 'refused b - bad-tag', 'refused c - bad-tag'],
  ],
  ['refuses a tag that is too long', `${'t'.repeat(99)}${'t'.repeat(99)} NOOP\r\n`, ['refused * - bad-tag']],
  [
    'refuses a long line and spares the next',
    `a X ${long}\r\nb NOOP\r\n`,
    ['refused a X line-too-long', 'b NOOP@6|b NOOP'],
  ],
  ['takes a line of exactly the limit', `a X ${'x'.repeat(96)}\r\n`, [`a X@3|a X ${'x'.repeat(96)}`]],
  ['refuses a line of one byte more', `a X ${'x'.repeat(97)}\r\n`, ['refused a X line-too-long']],
  ['refuses a line of one byte more, ended by LF', `a X ${'x'.repeat(97)}\n`, ['refused a X line-too-long']],
  [
    'swallows the literal behind a long line',
    `a X ${long} {9+}\r\nb EVIL\r\n\r\n\r\nc NOOP\r\n`,
    ['refused a X line-too-long', 'refused * - bad-tag', 'c NOOP@6|c NOOP'],
  ],
  [
    'does not wait for a literal behind a long line',
    `a X ${long} {8}\r\nb NOOP\r\n`,
    ['refused a X line-too-long', 'b NOOP@6|b NOOP'],
  ],
  [
    'refuses a big literal before it comes',
    'a X {51}\r\nb NOOP\r\n',
    ['accept {51} in vain', 'refused a X literal-too-big', 'b NOOP@6|b NOOP'],
  ],
  [
    'swallows a big literal that comes unasked',
    `a X {60+}\r\n${'b EVIL\r\n'.repeat(7)}1234 {4+}\r\nevil more\r\nc NOOP\r\n`,
    ['accept {60+} in vain', 'refused a X literal-too-big', 'c NOOP@6|c NOOP'],
  ],
  [
    'ends a refused command at the literal the peer waits with',
    `a X {51+}\r\n${'y'.repeat(51)} {5}\r\nb NOOP\r\n`,
    ['accept {51+} in vain', 'refused a X literal-too-big', 'b NOOP@6|b NOOP'],
  ],
  [
    'refuses a command that is too big in all',
    `a X {45+}\r\n${`${'z'.repeat(45)} {45+}\r\n`.repeat(3)}${'z'.repeat(45)}\r\nb NOOP\r\n`,
    [
      'accept {45+}',
      'accept {45+}',
      'accept {45+}',
      'accept {45+} in vain',
      'refused a X command-too-big',
      'b NOOP@6|b NOOP',
    ],
  ],
  [
    'refuses too many literals',
    `a X ${'{0+}\r\n '.repeat(5)}\r\nb NOOP\r\n`,
    [
      'accept {0+}',
      'accept {0+}',
      'accept {0+}',
      'accept {0+}',
      'refused a X command-too-big',
      'b NOOP@6|b NOOP',
    ],
  ],
  [
    'obeys a refusal before the literal',
    'a X {5}\r\nb NOOP\r\n',
    ['refuse {5}', 'refused a X refused', 'b NOOP@6|b NOOP'],
    () => 'refuse',
  ],
  [
    'obeys a refusal of what comes unasked',
    'a X {8+}\r\nb EVIL\r\n)\r\nc NOOP\r\n',
    ['refuse {8+}', 'refused a X refused', 'c NOOP@6|c NOOP'],
    () => 'refuse',
  ],
  [
    'swallows what a command without a tag announces',
    '* {8+}\r\nb EVIL\r\n\r\nc NOOP\r\n',
    ['refused * - bad-tag', 'c NOOP@6|c NOOP'],
  ],
  ['gives up on a literal beyond reason', 'a X {1001+}\r\n', ['accept {1001+} in vain', 'hopeless']],
  [
    'gives up on a size that is no number of bytes',
    'a X {99999999999999999999+}\r\n',
    ['accept {99999999999999999000+} in vain', 'hopeless'].map((text) =>
      text.replace('99999999999999999000', '100000000000000000000'),
    ),
  ],
  ['gives up on a line without end', `a X ${'x'.repeat(2000)}`, ['hopeless']],
  ['gives up on a long line that does end', `a X ${'x'.repeat(2000)}\r\n`, ['hopeless']],
  [
    'gives up on refused literals without end',
    `a X {60+}\r\n${`${'y'.repeat(60)}{60+}\r\n`.repeat(40)}`,
    ['accept {60+} in vain', 'hopeless'],
  ],
  [
    'does not take braces elsewhere for a literal',
    'a X {3} \r\nb X {x}\r\nc X {}\r\nd X {-1}\r\n',
    ['a X@3|a X {3} ', 'b X@3|b X {x}', 'c X@3|c X {}', 'd X@3|d X {-1}'],
  ],
]

describe('Framer', () => {
  for (const [name, input, expected, decide] of rows) {
    it(name, () => {
      assert.deepEqual(transcript(input, [1 << 20], decide), expected)
    })
    it(`${name}, one byte at a time`, () => {
      assert.deepEqual(transcript(input, [1], decide), expected)
    })
  }

  it('says the same however the bytes are chopped', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'a NOOP',
        '\r\n',
        '\r',
        '\n',
        ' {3}',
        ' {3+}',
        ' ~{4+}',
        '{60+}\r\n',
        'b UID X ',
        ' ',
        'x'.repeat(60),
        '"',
        '*',
        '{0+}\r\n',
      ),
      fc.string({ maxLength: 8 }),
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 }),
        fc.boolean(),
        (parts, sizes, refuses) => {
          const input = Buffer.from(parts.join(''), 'latin1')
          const decide: Decide = () => (refuses ? 'refuse' : 'accept')
          const whole = transcript(input, [1 << 20], decide)
          assert.deepEqual(transcript(input, sizes, decide), whole)
          assert.deepEqual(transcript(input, [1], decide), whole)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('obeys new limits from the next command on, even in the same chunk', () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from(`a LOGIN x y\r\nb X ${long}\r\n`))
    assert.equal(framer.take()?.kind, 'command')
    framer.setLimits({ ...smallLimits, lineBytes: 500 })
    assert.equal(framer.take()?.kind, 'command')
  })

  it('forgets what was pipelined behind STARTTLS', () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a STARTTLS\r\nb LOGIN x y\r\nc LOG'))
    assert.equal(framer.take()?.kind, 'command')
    assert.equal(framer.discard(), 18)
    assert.equal(framer.take(), undefined)
    framer.push(Buffer.from('d NOOP\r\n'))
    const event = framer.take()
    assert.equal(event?.kind === 'command' && describeCommand(event.command), 'd NOOP@6|d NOOP')
  })

  it('overwrites the input of lines and literals, and the command when told to', () => {
    const framer = new Framer(smallLimits)
    const chunk = Buffer.from('a LOGIN joe {6+}\r\nsecret\r\n')
    framer.push(chunk)
    const request = framer.take()
    assert.ok(request?.kind === 'literal' && request.accept())
    const event = framer.take()
    assert.ok(event?.kind === 'command')
    assert.ok(chunk.every((byte) => byte === 0))
    assert.match(describeCommand(event.command), /secret/)
    wipeCommand(event.command)
    assert.doesNotMatch(describeCommand(event.command), /secret|joe/)
  })

  it('throws a command away whose literal nobody decides, and refuses to have one decided twice', () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a X {1}\r\nb X {1+}\r\nc d\r\nc NOOP\r\nd X {1}\r\n'))
    assert.equal(framer.take()?.kind, 'literal')
    assert.equal(framer.take()?.kind, 'literal')
    const next = framer.take()
    assert.equal(next?.kind === 'command' && next.command.tag, 'c')
    const request = framer.take()
    assert.ok(request?.kind === 'literal')
    assert.ok(request.accept())
    assert.throws(() => {
      request.refuse()
    }, /answered once/)
  })

  it('waits for bytes, hands out what is there after the end, and then nothing', async () => {
    const framer = new Framer(smallLimits)
    const first = framer.next()
    framer.push(Buffer.from('a NO'))
    framer.push(Buffer.from('OP\r\nb NOOP\r\nc NO'))
    assert.equal((await first)?.kind, 'command')
    framer.end()
    assert.equal((await framer.next())?.kind, 'command')
    assert.equal(await framer.next(), undefined)
    assert.equal(await framer.nextLine(10), undefined)
  })

  it('is hungry only when everything has been looked at', async () => {
    const framer = new Framer(smallLimits)
    await framer.whenHungry()
    framer.push(Buffer.from('a NOOP\r\nb NOOP\r\n'))
    let isHungry = false
    const hunger = framer.whenHungry().then(() => {
      isHungry = true
    })
    framer.take()
    await Promise.resolve()
    assert.equal(isHungry, false)
    framer.take()
    await hunger
    assert.equal(isHungry, true)
  })

  it('gives back what it has not looked at, and nothing of what it has', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a COMPRESS DEFLATE\r\n\x01\x02'))
    framer.push(Buffer.from('\x03\n\x04'))
    assert.equal(framer.take()?.kind, 'command')
    assert.deepEqual(Buffer.concat(framer.release()), Buffer.from('\x01\x02\x03\n\x04'))
    await framer.whenHungry()
    framer.push(Buffer.from('b NOOP\r\n'))
    assert.equal(framer.take()?.kind, 'command')
  })
})

describe('Framer, before login', () => {
  const stranger = (input: string): string[] =>
    transcript(input, [1 << 20], () => 'accept', limitsBeforeLogin)

  it('takes a password of the greatest length as a literal', () => {
    const said = stranger(`a LOGIN {3+}\r\njoe {1024+}\r\n${'p'.repeat(1024)}\r\n`)
    assert.deepEqual(said.slice(0, 2), ['accept {3+}', 'accept {1024+}'])
    assert.equal(said.length, 3)
  })

  it('refuses larger literals, swallows what comes unasked, and soon gives up', () => {
    assert.deepEqual(stranger('a LOGIN {2049}\r\n'), [
      'accept {2049} in vain',
      'refused a LOGIN literal-too-big',
    ])
    assert.deepEqual(stranger(`a LOGIN {2049+}\r\n${'x'.repeat(2049)}\r\nb NOOP\r\n`).slice(1), [
      'refused a LOGIN literal-too-big',
      'b NOOP@6|b NOOP',
    ])
    assert.deepEqual(stranger('a LOGIN {65537+}\r\n').slice(1), ['hopeless'])
  })

  it('holds at most one command of 16 KiB, in few pieces', () => {
    assert.deepEqual(stranger(`a X {0+}${'\r\n {0+}'.repeat(50)}\r\n\r\n`).slice(-2), [
      'accept {0+}',
      'refused a X command-too-big',
    ])
    assert.deepEqual(stranger(`a X {2000+}\r\n${`${'x'.repeat(2000)} {2000+}\r\n`.repeat(9)}`).slice(-1), [
      'accept {2000+} in vain',
    ])
  })
})

describe('Framer.nextLine', () => {
  it('gives raw lines between commands, refusing long ones', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from(`a IDLE\r\nDONE\r\n${'A'.repeat(40)}\r\n*\nb NOOP\r\n`))
    framer.take()
    assert.deepEqual(await framer.nextLine(20), { kind: 'line', bytes: Buffer.from('DONE') })
    assert.deepEqual(await framer.nextLine(20), { kind: 'too-long' })
    assert.deepEqual(await framer.nextLine(20), { kind: 'line', bytes: Buffer.from('*') })
    assert.equal(framer.take()?.kind, 'command')
  })

  it('does not read a literal mark in a raw line', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('abc {5+}\r\nb NOOP\r\n'))
    assert.deepEqual(await framer.nextLine(20), { kind: 'line', bytes: Buffer.from('abc {5+}') })
    assert.equal(framer.take()?.kind, 'command')
  })

  it('waits for a line that trickles in', async () => {
    const framer = new Framer(smallLimits)
    const line = framer.nextLine(20)
    for (const byte of Buffer.from('DONE\r\n')) framer.push(Buffer.from([byte]))
    assert.deepEqual(await line, { kind: 'line', bytes: Buffer.from('DONE') })
  })

  it('gives up on a line without end', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.alloc(3000, 0x41))
    assert.deepEqual(await framer.nextLine(20), { kind: 'too-long' })
    assert.equal(framer.take()?.kind, 'hopeless')
  })

  it('is refused inside a command', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a X {3}\r\n'))
    const request = framer.take()
    assert.ok(request?.kind === 'literal' && request.accept())
    await assert.rejects(framer.nextLine(10), /between commands/)
  })
})
