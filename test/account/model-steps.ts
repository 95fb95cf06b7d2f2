// What may happen in a random history, and how a write that it makes may fail.
import fc from 'fast-check'
import type { Failure } from './failing-store.ts'

const names = ['a', 'a/b', 'a/b/c', 'd', 'd/e', 'INBOX/x', 'Archive/2026']

const box = fc.nat(20)
const name = fc.constantFrom(...names)
const fault = fc.constantFrom<Failure | 'none'>('none', 'none', 'none', 'refused', 'undone', 'done', 'late')

/** One command, delivery, or fate of the server. */
export const step = fc.oneof(
  fc.record({ op: fc.constant('append' as const), box, fault }),
  fc.record({ op: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 5 }), detail: name }),
  fc.record({
    op: fc.constant('store' as const),
    box,
    pick: fc.nat(),
    flag: fc.constantFrom('\\Seen', '\\Deleted', 'work', 'WORK'),
    action: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const),
    fault,
  }),
  fc.record({ op: fc.constant('expunge' as const), box, fault }),
  fc.record({
    op: fc.constantFrom('copy' as const, 'move' as const),
    box,
    to: box,
    pick: fc.nat(),
    fault,
  }),
  fc.record({ op: fc.constant('create' as const), name, fault }),
  fc.record({ op: fc.constant('delete' as const), box, fault }),
  fc.record({ op: fc.constant('rename' as const), box, name, fault }),
  fc.record({ op: fc.constantFrom('restart' as const, 'crash' as const, 'enable' as const) }),
)
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
