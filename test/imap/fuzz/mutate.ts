// Bytes of a recorded dialogue, made wrong: flipped, cut, doubled, spliced with another, nested, and with numbers and octets nobody expects.

type Random = (below: number) => number

const unexpected = [
  ...[
    '\0',
    '\xff',
    '\xc3\xa9',
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    ' ',
    '\t',
    '"',
    '\\',
    '\\"',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
  ],
  ...[
    '*',
    '%',
    '$',
    ',',
    ':',
    '+',
    '~',
    '&',
    '&-',
    '=',
    '()',
    '""',
    'NIL',
    '0',
    '-1',
    '1:*',
    '4294967295',
    '4294967296',
  ],
  ...[
    '18446744073709551616',
    '99999999999999999999999999',
    '{0}\r\n',
    '{3+}\r\nabc',
    '~{2+}\r\na\0',
    '{99999999+}\r\n',
    '{1}',
  ],
  ...[
    '('.repeat(300),
    ')'.repeat(30),
    'NOT '.repeat(300),
    '*%'.repeat(200),
    '1,'.repeat(3000),
    'A'.repeat(9000),
    '1.'.repeat(300),
  ],
]

/** One wrong thing done to `bytes`; `other` is another recording to splice with. */
function once(bytes: Buffer, other: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1)
  const length = 1 + random(random(4) === 0 ? 200 : 8)
  const before = bytes.subarray(0, at)
  const behind = bytes.subarray(at)
  const part = bytes.subarray(at, at + length)
  switch (random(9)) {
    case 0: {
      const flipped = Buffer.from(bytes)
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random(8))
      return flipped
    }
    case 1:
      return Buffer.concat([before, behind.subarray(length)])
    case 2:
      return Buffer.concat([before, ...Array.from({ length: 1 + random(30) }, () => part), behind])
    case 3:
      return Buffer.concat([
        before,
        Buffer.from(unexpected[random(unexpected.length)] ?? '', 'latin1'),
        behind,
      ])
    case 4:
      return Buffer.concat([
        before,
        Buffer.from(unexpected[random(unexpected.length)] ?? '', 'latin1'),
        behind.subarray(length),
      ])
    case 5:
      return Buffer.concat([before, other.subarray(random(other.length + 1))])
    case 6:
      return before
    case 7: {
      const from = random(other.length + 1)
      return Buffer.concat([before, other.subarray(from, from + length), behind])
    }
    default: {
      // A number becomes another: sizes of literals, UIDs, dates.
      const text = bytes.toString('latin1')
      const numbers = [...text.matchAll(/[0-9]+/g)]
      const chosen = numbers[random(numbers.length)]
      if (!chosen) return bytes
      const value =
        ['0', '1', '2', '65536', '4294967295', '4294967296', '9223372036854775808'][random(7)] ?? '0'
      return Buffer.from(
        text.slice(0, chosen.index) + value + text.slice(chosen.index + chosen[0].length),
        'latin1',
      )
    }
  }
}

/** `bytes` with one to six wrong things done to them. */
export function mutate(bytes: Buffer, other: Buffer, random: Random): Buffer {
  let mutated = bytes
  for (let count = 1 + random(6); count > 0; count -= 1) mutated = once(mutated, other, random)
  return mutated
}

/** `bytes` in pieces: whole, single octets, or cut anywhere. */
export function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const how = random(4)
  if (how < 2) return [bytes]
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = how === 2 && bytes.length < 500 ? 1 : 1 + random(bytes.length)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}
