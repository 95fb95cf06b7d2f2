// Vectors of bodies (FORMAT.md §4). Long ones are kept once; what was done to them is written as edits.
import { sealBodyNow } from '../../../src/crypto/body.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import type { Expectation, Vector } from '../../crypto/vector.ts'
import { flip, gives, numberedLines, put, scenario } from './scenario.ts'

const header = 36
const chunk = 65_536 + 16
const none = Buffer.alloc(0)

export function bodyVectors(): readonly Vector[] {
  const account = makeId()
  const blob = makeId()
  const messageKey = randomBytes(32)
  const about = { open: 'body', 'message key': messageKey, account, blob }
  const long = numberedLines(131_082)
  const sealed = sealBodyNow(messageKey, account, blob, long)
  const longAbout = { ...about, size: long.length }
  const from = { 'bytes of': 'body-of-three-chunks' }

  const sizes = [0, 1, 55, 56, 57, 3000].map((size) => {
    const message = numberedLines(size)
    const fields = { ...about, size, ...gives(message) }
    return scenario(
      `body-of-${size}-octets`,
      'success',
      fields,
      sealBodyNow(messageKey, account, blob, message),
    )
  })
  const range = (name: string, start: number, end: number): Vector =>
    scenario(
      name,
      'success',
      { ...longAbout, ...from, start, end, ...gives(long.subarray(start, end)) },
      none,
    )
  const edited = (
    name: string,
    edits: readonly string[],
    changes: object = {},
    expect: Expectation = 'damaged',
  ): Vector => {
    const vector = scenario(name, expect, { ...longAbout, ...from, ...changes }, none)
    return { ...vector, fields: [...vector.fields, ...edits.map((value) => ['edit', value] as const)] }
  }
  const otherBlob = makeId()
  const another = sealBodyNow(randomBytes(32), account, otherBlob, long.subarray(0, 3000))
  const small = sealBodyNow(messageKey, account, blob, long.subarray(0, 3000))
  const smallAbout = { ...about, size: 3000 }
  const refused = (
    name: string,
    bytes: Uint8Array,
    changes: object = {},
    expect: Expectation = 'damaged',
  ): Vector => scenario(name, expect, { ...smallAbout, ...changes }, bytes)

  return [
    ...sizes,
    scenario('body-of-three-chunks', 'success', { ...longAbout, ...gives(long) }, sealed),
    // Same key, same octets, another blob: only the place differs.
    scenario(
      'body-of-another-blob',
      'success',
      { ...longAbout, blob: otherBlob, ...gives(long) },
      sealBodyNow(messageKey, account, otherBlob, long),
    ),
    range('body-read-from-the-middle', 70_000, 70_050),
    range('body-read-across-chunks', 65_500, 65_600),
    range('body-read-last-octet', 131_081, 131_082),
    range('body-read-nothing', 500, 500),
    edited('body-first-chunk-missing', [`remove ${header} ${header + chunk}`]),
    edited('body-middle-chunk-missing', [`remove ${header + chunk} ${header + 2 * chunk}`]),
    edited('body-last-chunk-missing', [`remove ${header + 2 * chunk} ${sealed.length}`]),
    edited('body-last-chunk-missing-and-size-smaller', [`remove ${header + 2 * chunk} ${sealed.length}`], {
      size: 131_064,
    }),
    edited('body-chunks-exchanged', [`exchange ${header} ${header + chunk} ${chunk}`]),
    edited('body-chunk-repeated', [`put ${header + chunk} body-of-three-chunks ${header} ${header + chunk}`]),
    edited('body-truncated-within-chunk', [`remove ${sealed.length - 1} ${sealed.length}`]),
    edited('body-octet-appended', ['append 00']),
    edited('body-chunk-of-another-blob', [
      `put ${header + chunk} body-of-another-blob ${header + chunk} ${header + 2 * chunk}`,
    ]),
    edited('body-octet-flipped', [`flip ${header + 70_000}`]),
    edited('body-tag-flipped', [`flip ${header + chunk - 1}`]),
    edited('body-header-flipped-read-from-the-middle', ['flip 20'], { start: 70_000, end: 70_050 }),
    edited(
      'body-flipped-elsewhere',
      [`flip ${sealed.length - 1}`],
      { start: 10, end: 20, ...gives(long.subarray(10, 20)) },
      'success',
    ),
    // Within the same padding, so that only the size in the last chunk tells.
    edited('body-size-one-more', [], { size: 131_083 }),
    edited('body-size-one-less', [], { size: 131_081 }),
    edited('body-size-much-more', [], { size: 200_000 }),
    edited('body-size-zero', [], { size: 0 }),
    refused('body-version-2', put(small, 0, Buffer.from([2])), {}, 'unsupported'),
    refused('body-suite-1', put(small, 1, Buffer.from([1])), {}, 'unsupported'),
    refused('body-chunk-size-changed', put(small, 2, Buffer.from([17]))),
    refused('body-reserved-octet-set', put(small, 3, Buffer.from([1]))),
    refused('body-commitment-flipped', flip(small, 4)),
    refused('body-under-another-key', small, { 'message key': randomBytes(32) }),
    refused('body-in-another-account', small, { account: makeId() }),
    refused('body-in-another-blob', small, { blob: makeId() }),
    refused('body-exchanged-for-another', another),
    refused('body-empty-though-not-said', none, { size: 0 }),
    refused('body-header-only', small.subarray(0, header)),
  ]
}
