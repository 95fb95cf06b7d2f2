// What store and crypto throw, as refusals in words.
import { Busy, Corrupt, UnsupportedVersion } from '../crypto/errors.ts'
import { Conflict, Damaged, Refused, Unavailable } from '../store/errors.ts'
import { Damage, Refusal } from './errors.ts'

/** Whether nobody can say if the write that threw this was done. */
export const isInDoubt = (error: unknown): boolean => error instanceof Unavailable && error.isOutcomeUnknown

/** What store and crypto throw, as a refusal in words; anything else unchanged. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof Corrupt || error instanceof UnsupportedVersion || error instanceof Damage) {
    return new Refusal('damaged', `Stored data cannot be trusted: ${error.message}`, { cause: error })
  }
  if (error instanceof Busy)
    return new Refusal('busy', 'Too many logins at once; try again', { cause: error })
  if (error instanceof Refused && error.reason === 'over-quota') {
    return new Refusal('over-quota', 'The account is over its quota', { cause: error })
  }
  if (error instanceof Damaged) return new Refusal('damaged', 'Stored data is damaged', { cause: error })
  if (error instanceof Refused && error.reason === 'no-account') {
    return new Refusal('no-such-account', 'No such account', { cause: error })
  }
  if (error instanceof Refused && error.reason === 'too-large') {
    return new Refusal('limit', 'That is more than can be stored in one step', { cause: error })
  }
  if (error instanceof Conflict) {
    return new Refusal('busy', 'Somebody else changed it at the same moment; try again', { cause: error })
  }
  if (error instanceof Unavailable)
    return new Refusal('unavailable', 'The mail store cannot do that now', { cause: error })
  return error
}

/** Whether stored data turned out not to be what it should be. */
export const isDamage = (error: unknown): boolean =>
  error instanceof Corrupt || error instanceof UnsupportedVersion || error instanceof Damage

export function refusingNow<T>(task: () => T): T {
  try {
    return task()
  } catch (error) {
    throw asRefusal(error)
  }
}

export async function refusing<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw asRefusal(error)
  }
}
