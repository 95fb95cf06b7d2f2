// Recovery codes that count once they were typed back by whoever is at the terminal.
import { isRefusal } from '../account/errors.ts'
import { Failure } from './failure.ts'
import { exitCodes } from './exit-code.ts'

/** Said in the help of commands that ask. */
export const typedBackNote =
  'On a terminal the code counts once its last two groups were typed back: leave before that, and nothing has changed. Scripts, and whoever gives --yes, ' +
  'are not asked.'

/**
 * Asks until the code is right; who offered it counts the tries. Rejects with the refusal 'offer-expired' after too many, and as `ask` does when
 * the asker leaves: then the code was never in force.
 */
export async function typedBack<T>(
  ask: (question: string) => Promise<Buffer>,
  accept: (typed: Buffer) => Promise<T>,
): Promise<T> {
  let question = 'Type its last two groups, to show that you have it'
  for (;;) {
    const typed = await ask(question)
    try {
      return await accept(typed)
    } catch (error) {
      if (isRefusal(error, 'wrong-recovery-code')) question = `${error.message}. Its last two groups`
      else if (isRefusal(error, 'offer-expired'))
        throw new Failure('offer-expired', exitCodes.data, error.message, {
          cause: error,
          hint: 'nothing was changed; start again, and a new code is made',
        })
      else throw error
    } finally {
      typed.fill(0)
    }
  }
}
