// AUTHENTICATE exchanges: what each mechanism accepts, refuses, and leaves in memory.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SaslDialogue, type SaslAnswer } from '../../src/sasl/dialogue.ts'
import { findMechanism, mechanisms } from '../../src/sasl/registry.ts'

/** `initial` as sent, or undefined; then the lines of the peer. The last answer in one line. */
function talk(name: string, initial: string | undefined, ...lines: readonly string[]): string {
  const mechanism = findMechanism(name)
  assert.ok(mechanism)
  const dialogue = new SaslDialogue(mechanism)
  const said = [
    describeAnswer(dialogue.start(initial === undefined ? undefined : Buffer.from(initial, 'latin1'))),
  ]
  for (const line of lines) said.push(describeAnswer(dialogue.line(Buffer.from(line, 'latin1'))))
  return said.join(' | ')
}

function describeAnswer(answer: SaslAnswer): string {
  switch (answer.kind) {
    case 'challenge':
      return `+ ${answer.line}`
    case 'credentials':
      return `${answer.username} / ${answer.password.bytes.toString()}`
    case 'failed':
      return answer.reason
  }
}

const b64 = (text: string): string => Buffer.from(text).toString('base64')

const rows: readonly (readonly [string, string, string])[] = [
  [
    'PLAIN takes an initial response',
    talk('PLAIN', b64('\0tim\0tanstaaftanstaaf')),
    'tim / tanstaaftanstaaf',
  ],
  [
    'PLAIN takes its message after an empty challenge',
    talk('plain', undefined, b64('\0tim\0pw')),
    '+  | tim / pw',
  ],
  ['PLAIN takes an authorization identity that is the user', talk('PLAIN', b64('tim\0tim\0pw')), 'tim / pw'],
  ['PLAIN refuses to act for another', talk('PLAIN', b64('Ursel\0Kurt\0xipj3plmq')), 'authorization'],
  ['PLAIN takes UTF-8', talk('PLAIN', b64('\0jürgen@exämple\0pässword')), 'jürgen@exämple / pässword'],
  [
    'PLAIN refuses a user name that is no UTF-8',
    talk('PLAIN', Buffer.from('\0t\xff\0p', 'latin1').toString('base64')),
    'malformed',
  ],
  ['PLAIN refuses a message without NUL', talk('PLAIN', b64('timpw')), 'malformed'],
  ['PLAIN refuses a message with one NUL', talk('PLAIN', b64('tim\0pw')), 'malformed'],
  ['PLAIN refuses NUL in the password', talk('PLAIN', b64('\0tim\0p\0w')), 'malformed'],
  ['PLAIN refuses an empty password', talk('PLAIN', b64('\0tim\0')), 'malformed'],
  ['PLAIN refuses an empty user name', talk('PLAIN', b64('\0\0pw')), 'malformed'],
  ['PLAIN refuses control characters in a user name', talk('PLAIN', b64('\0ti\r\nm\0pw')), 'malformed'],
  ['PLAIN refuses an empty initial response', talk('PLAIN', '='), 'malformed'],
  [
    'PLAIN refuses a password beyond the limit',
    talk('PLAIN', b64(`\0tim\0${'p'.repeat(1025)}`)),
    'malformed',
  ],
  ['PLAIN refuses a user name beyond the limit', talk('PLAIN', b64(`\0${'t'.repeat(321)}\0p`)), 'malformed'],
  ['a tab in base64 is refused', talk('PLAIN', undefined, 'AHRp\tbQBw'), '+  | malformed'],
  ['an overlong line is refused', talk('PLAIN', undefined, 'A'.repeat(8000)), '+  | malformed'],
  ['* cancels PLAIN', talk('PLAIN', undefined, '*'), '+  | cancelled'],
  ['* is no initial response', talk('PLAIN', '*'), 'malformed'],
  ['= is the empty response only at the beginning', talk('PLAIN', undefined, '='), '+  | malformed'],
  [
    'LOGIN asks for both',
    talk('LOGIN', undefined, b64('tim'), b64('pw')),
    '+ VXNlcm5hbWU6 | + UGFzc3dvcmQ6 | tim / pw',
  ],
  [
    'LOGIN takes the user name as initial response',
    talk('LOGIN', b64('tim'), b64('pw')),
    '+ UGFzc3dvcmQ6 | tim / pw',
  ],
  [
    'LOGIN takes an empty initial response as none',
    talk('LOGIN', '=', b64('tim')),
    '+ VXNlcm5hbWU6 | + UGFzc3dvcmQ6',
  ],
  ['LOGIN refuses an empty user name', talk('LOGIN', undefined, ''), '+ VXNlcm5hbWU6 | malformed'],
  ['LOGIN refuses an empty password', talk('LOGIN', b64('tim'), ''), '+ UGFzc3dvcmQ6 | malformed'],
  ['* cancels LOGIN half way', talk('LOGIN', b64('tim'), '*'), '+ UGFzc3dvcmQ6 | cancelled'],
]

describe('SaslDialogue', () => {
  for (const [name, actual, expected] of rows) {
    it(name, () => {
      assert.equal(actual, expected)
    })
  }

  it('overwrites the lines it was given', () => {
    for (const text of [b64('\0tim\0pw'), 'not base64']) {
      const dialogue = new SaslDialogue(mechanisms[0] ?? assert.fail())
      const line = Buffer.from(text)
      dialogue.start(line)
      assert.ok(line.every((byte) => byte === 0))
    }
  })

  it('gives a password of its own that can be wiped', () => {
    const dialogue = new SaslDialogue(mechanisms[0] ?? assert.fail())
    const answer = dialogue.start(Buffer.from(b64('\0tim\0pw')))
    assert.ok(answer.kind === 'credentials')
    assert.equal(String(answer.password), '[secret]')
    answer.password.wipe()
    assert.throws(() => answer.password.bytes, /wiped/)
  })

  it('cannot go on after its end', () => {
    const dialogue = new SaslDialogue(mechanisms[1] ?? assert.fail())
    dialogue.start(undefined)
    dialogue.line(Buffer.from('*'))
    assert.throws(() => dialogue.line(Buffer.from(b64('tim'))), /over/)
    const lost = new SaslDialogue(mechanisms[1] ?? assert.fail())
    lost.start(Buffer.from(b64('tim')))
    lost.wipe()
    assert.throws(() => lost.line(Buffer.from(b64('pw'))), /over/)
  })
})

describe('findMechanism', () => {
  it('knows PLAIN and LOGIN in any case, and no other', () => {
    assert.deepEqual(
      mechanisms.map(({ name }) => name),
      ['PLAIN', 'LOGIN'],
    )
    assert.equal(findMechanism('lOgIn')?.name, 'LOGIN')
    assert.equal(findMechanism('CRAM-MD5'), undefined)
    assert.equal(findMechanism('__proto__'), undefined)
  })
})
