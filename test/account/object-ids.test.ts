// EMAILID and THREADID: which messages share one.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { emailIdOf, mailboxIdOf, threadIdOf } from '../../src/account/object-ids.ts'

describe('object identifiers', () => {
  it('are objectids of RFC 8474 §4', () => {
    const grammar = /^[A-Za-z0-9_-]{1,255}$/
    assert.match(emailIdOf('00ff'), grammar)
    assert.match(mailboxIdOf('00ff'), grammar)
    assert.match(threadIdOf({ messageId: 'a@b', references: [] }) ?? '', grammar)
  })

  it('name the thread after its oldest message', () => {
    const root = threadIdOf({ messageId: 'root@x', references: [] })
    assert.equal(threadIdOf({ messageId: 'b@x', references: ['root@x', 'a@x'] }), root)
    assert.equal(threadIdOf({ messageId: undefined, references: ['root@x'] }), root)
    assert.notEqual(threadIdOf({ messageId: 'other@x', references: [] }), root)
  })

  it('have no thread for a message that neither has nor names an identifier', () => {
    assert.equal(threadIdOf({ messageId: undefined, references: [] }), undefined)
  })
})
