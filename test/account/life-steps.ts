// What may befall an account in a random life, and how a write may fail meanwhile.
import fc from 'fast-check'
import type { Failure } from './failing-store.ts'

const failure = fc.constantFrom<Failure | 'none' | 'kill'>(
  ...(['none', 'none', 'none', 'none', 'refused', 'undone', 'done', 'late', 'kill', 'kill'] as const),
)

/** `after`: so many writes go well before the one that fails, or behind which the process is killed. */
const fault = fc.record({ failure, after: fc.nat(6) })
export type Fault = typeof fault extends fc.Arbitrary<infer T> ? T : never

const withFault = <T extends string>(...ops: readonly T[]) =>
  fc.record({ op: fc.constantFrom(...ops), pick: fc.nat(1000), fault })

export const lifeStep = fc.oneof(
  { weight: 6, arbitrary: withFault('deliver', 'append', 'move', 'expunge') },
  { weight: 3, arbitrary: withFault('rename', 'alias', 'disable-account') },
  {
    weight: 6,
    arbitrary: withFault('enable', 'disable', 'rotate', 're-encrypt', 'new-code', 'recover'),
  },
  {
    weight: 5,
    arbitrary: withFault(
      'change-password',
      'set-password',
      'reset-by-admin',
      'lock-mail',
      'unlock-mail',
      'add-app',
      'revoke-app',
    ),
  },
  { weight: 3, arbitrary: withFault('add-key', 'drop-keys', 'seal-existing') },
  { weight: 3, arbitrary: withFault('image', 'put-back', 'restart', 'crash', 'log-out') },
)
export type LifeStep = typeof lifeStep extends fc.Arbitrary<infer T> ? T : never
