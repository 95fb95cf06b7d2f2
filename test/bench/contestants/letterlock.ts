// Letterlock itself, as built in dist/, run as its users run it.
import type { ContestantKind } from './contestant.ts'

export const letterlock: ContestantKind = {
  name: 'letterlock',
  label: 'Letterlock',
  async describe() {
    throw new Error('not yet')
  },
  async create() {
    throw new Error('not yet')
  },
}
