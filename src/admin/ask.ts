// Questions on the terminal; they go to standard error, so that standard output stays data.
import { isCancel, password, text } from '@clack/prompts'
import { interrupted } from './failure.ts'
import { askPlainly, showsUtf8 } from './plain-ask.ts'
import type { Streams } from './view.ts'
import { inAscii } from './words.ts'

/** Asks a person. Throws Failure 'interrupted' on ^C. */
export interface Asker {
  /** Typed unseen. The bytes are the caller's to wipe. */
  secret(question: string): Promise<Buffer>
  /** Typed visibly. */
  line(question: string): Promise<string>
}

/** The asker on the terminal of this process. */
export function terminalAsker(streams: Streams, signal: AbortSignal, env: NodeJS.ProcessEnv): Asker {
  const options = { input: streams.stdin, output: streams.stderr, signal }
  // The prompt library draws boxes whatever the locale is.
  if (!showsUtf8(env))
    return {
      secret: (question) => askPlainly(options, inAscii(question), true),
      line: async (question) => (await askPlainly(options, inAscii(question), false)).toString('utf8'),
    }
  const answer = (given: string | symbol | undefined): string => {
    if (isCancel(given) || typeof given === 'symbol') throw interrupted()
    return given ?? ''
  }
  return {
    // The prompt library hands over a string, which cannot be wiped; files and pipes are read into buffers only.
    secret: async (message) =>
      Buffer.from(answer(await password({ ...options, message, mask: '•' })), 'utf8'),
    line: async (message) => answer(await text({ ...options, message })),
  }
}
