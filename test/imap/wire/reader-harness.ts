// Makes an ArgumentReader from the text of a command, as the framer would give it.
import assert from 'node:assert/strict'
import { ArgumentReader, type ArgumentOptions } from '../../../src/imap/wire/arguments.ts'
import { BadCharset, BadSyntax } from '../../../src/imap/wire/bad-syntax.ts'
import { Framer } from '../../../src/imap/wire/framer.ts'
import { limitsAfterLogin } from '../../../src/imap/wire/limits.ts'

/**
 * A reader that stands at the beginning of `text`, which is what stands behind the command's name. Literals are written as `{n+}`
 * CR LF; one character is a byte.
 */
export function readerOf(text: string | Buffer, options: Partial<ArgumentOptions> = {}): ArgumentReader {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
  const framer = new Framer({ ...limitsAfterLogin, literalBytes: 1 << 20 })
  const start = bytes[0] === 0x20 ? 3 : 4
  framer.push(Buffer.concat([Buffer.from('a X '.slice(0, start)), bytes, Buffer.from('\r\n')]))
  for (let event = framer.take(); event; event = framer.take()) {
    if (event.kind === 'literal') event.accept()
    if (event.kind === 'command') {
      const command = { ...event.command, argumentsAt: start }
      return new ArgumentReader(command, { limits: limitsAfterLogin, isUtf8: false, ...options })
    }
  }
  return assert.fail('not one command')
}

/** What `read` makes of the text, or `bad` and the offset in it (not counting the marks of literals), or `charset`. */
export function outcome<T>(
  text: string | Buffer,
  read: (reader: ArgumentReader) => T,
  options: Partial<ArgumentOptions> = {},
): T | string {
  const reader = readerOf(text, options)
  const start = reader.offset
  try {
    return read(reader)
  } catch (error) {
    if (error instanceof BadSyntax) return `bad ${error.offset - start}`
    if (error instanceof BadCharset) return 'charset'
    throw error
  }
}

/** A literal that does not wait. */
export function lit(text: string): string {
  return `{${text.length}+}\r\n${text}`
}
