// Threads as THREAD tells them (RFC 5256 §4), however deep they are.
import type { SearchSubject } from '../account/criterion-test.ts'
import type { Thread } from '../account/thread-node.ts'

// thread-list = "(" (thread-members / thread-nested) ")"
// thread-members = nz-number *(SP nz-number) [SP thread-nested]; thread-nested = 2*thread-list
/** One text for each thread; all together follow `* THREAD `. */
export function* threadText(
  threads: readonly Thread[],
  numberOf: (subject: SearchSubject) => number,
): Generator<string> {
  for (const thread of threads) {
    const text: string[] = []
    // A string is written as it is, a thread taken apart into what is to be written in its place.
    const todo: (Thread | string)[] = [')', thread, '(']
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      if (typeof next === 'string') {
        text.push(next)
        continue
      }
      const { message, children } = next
      if (message) text.push(String(numberOf(message.subject)), children.length > 0 ? ' ' : '')
      const [only, ...more] = children
      if (only && more.length === 0) todo.push(only)
      else
        for (let index = children.length - 1; index >= 0; index -= 1)
          todo.push(')', children[index] ?? '', '(')
    }
    yield text.join('')
  }
}
