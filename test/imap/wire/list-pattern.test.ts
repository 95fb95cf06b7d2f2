// LIST patterns: what they match, and that no pattern takes long.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileListPattern, maxWildcards } from '../../../src/imap/wire/list-pattern.ts'

/** Reference, pattern, names that match, names that do not. */
const rows: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ['', '*', ['', 'INBOX', 'a', 'a/b/c'], []],
  ['', '%', ['', 'INBOX', 'a'], ['a/b', '/']],
  ['', 'INBOX', ['INBOX'], ['INBOX2', 'a/INBOX', 'INBO']],
  ['', 'inBox', ['INBOX'], ['inbox2']],
  ['', 'in%', ['INBOX', 'in', 'inner'], ['Inner']],
  ['', 'iNbOx/%', ['INBOX/a'], ['INBOX', 'inbox/a', 'INBOX/a/b']],
  ['inbox/', '*', ['INBOX/', 'INBOX/a/b'], ['INBOX']],
  ['', 'Inbox%', ['INBOX', 'Inbox', 'Inboxes'], ['INBOXES']],
  ['', 'a/inbox/%', ['a/inbox/b'], ['a/INBOX/b']],
  ['', 'e\u0301*', ['é', 'éa'], ['e']],
  ['', 'a/%', ['a/', 'a/b'], ['a', 'a/b/c', 'b/a/c']],
  ['a/', '%', ['a/b'], ['a/b/c', 'b']],
  ['a', '%', ['a', 'ab'], ['a/b', 'b']],
  ['', '%/%', ['a/b', '/'], ['a', 'a/b/c']],
  ['', '*/b', ['a/b', 'a/c/b', '/b'], ['b', 'a/b/']],
  ['', 'a*z', ['az', 'a/z', 'abcz'], ['a', 'z', 'azb']],
  ['', 'a%z', ['az', 'abz'], ['a/z']],
  ['', '%b*', ['b', 'ab/c', 'bbb'], ['a/b']],
  ['', '*%', ['a/b', ''], []],
  ['', '%%%', ['a', ''], ['a/b']],
  ['', '%*%', ['a/b'], []],
  ['', 'é*', ['é', 'éa'], ['e']],
  ['', '📫%', ['📫', '📫a'], ['📭']],
  ['', 'a.b', ['a.b'], ['axb']],
  ['', '[a]$^', ['[a]$^'], ['a']],
  ['', '', [''], ['a']],
]

function compiled(reference: string, pattern: string): (name: string) => boolean {
  const made = compileListPattern(reference, pattern, '/') ?? assert.fail('pattern refused')
  return (name) => made.matches(name)
}

describe('compileListPattern', () => {
  for (const [reference, pattern, matching, others] of rows) {
    it(`matches ${JSON.stringify(reference)} ${JSON.stringify(pattern)}`, () => {
      const matches = compiled(reference, pattern)
      assert.deepEqual(matching.filter(matches), matching)
      assert.deepEqual(others.filter(matches), [])
    })
  }

  it('agrees with a regular expression, across the borders of its words too', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '%', 'a'.repeat(15), 'b/'.repeat(9))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(piece, { maxLength: 12 }), (pattern, name) => {
        const text = pattern.join('')
        const expression = new RegExp(
          `^${text.replace(/[*%]+/g, (run) => (run.includes('*') ? '.*' : '[^/]*'))}$`,
        )
        for (const candidate of [
          name.join('').replace(/[*%]/g, 'a'),
          text.replace(/[*%]/g, 'ab'),
          text.replace(/\*/g, 'a/b').replace(/%/g, ''),
        ]) {
          assert.equal(compiled('', text)(candidate), expression.test(candidate), `${text} on ${candidate}`)
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('refuses too many wildcards, after neighbours became one', () => {
    assert.equal(compileListPattern('', 'a*'.repeat(maxWildcards + 1), '/'), undefined)
    assert.ok(compileListPattern('', 'a*'.repeat(maxWildcards), '/'))
    assert.ok(compileListPattern('%*'.repeat(5000), '*'.repeat(60_000), '/'))
  })

  it('refuses patterns longer than any name', () => {
    assert.equal(compileListPattern('a'.repeat(600), 'a'.repeat(600), '/'), undefined)
  })

  it('looks at each character of a name once, whatever the wildcards', () => {
    // Backtracking would need about 2^500 steps here and never come back.
    const name = 'a'.repeat(500)
    for (const wildcard of ['*', '%']) {
      assert.equal(compiled('', `${`a${wildcard}`.repeat(maxWildcards)}b`)(name), false)
      assert.equal(compiled('', `${wildcard}a`.repeat(maxWildcards))(name), true)
    }
  })
})
