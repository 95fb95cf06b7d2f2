// Feeds bytes to a framer in pieces of any size and writes down what it says.
import { Framer } from '../../../src/imap/wire/framer.ts'
import type { LiteralRequest } from '../../../src/imap/wire/framer-events.ts'
import type { WireLimits } from '../../../src/imap/wire/limits.ts'
import type { WireCommand } from '../../../src/imap/wire/wire-command.ts'

/** Small limits, so that tests reach them. */
export const smallLimits: WireLimits = {
  lineBytes: 100,
  literalBytes: 50,
  unaskedLiteralBytes: Infinity,
  commandBytes: 200,
  literals: 4,
  discardBytes: 1000,
  depth: 5,
  elements: 50,
  ranges: 10,
}

/** A command on one line: `tag NAME|first line|"literal"|second line`. */
export function describeCommand(command: WireCommand): string {
  const pieces = command.pieces.map((piece) =>
    piece.kind === 'line'
      ? piece.bytes.toString('latin1')
      : `${piece.isBinary ? '~' : ''}${JSON.stringify(piece.bytes.toString('latin1'))}`,
  )
  return `${command.tag} ${command.isUid ? 'UID ' : ''}${command.name}@${command.argumentsAt}|${pieces.join('|')}`
}

/** What to do with a literal: `accept` buffers it. */
export type Decide = (request: LiteralRequest) => 'accept' | 'refuse'

/** Splits bytes at the given sizes, used over and over. */
export function chop(input: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (let turn = 0; at < input.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    chunks.push(Buffer.from(input.subarray(at, at + size)))
    at += size
  }
  return chunks
}

/** Everything the framer says about `input`, one line an event. */
export function transcript(
  input: Buffer | string,
  sizes: readonly number[] = [1 << 20],
  decide: Decide = () => 'accept',
  limits: WireLimits = smallLimits,
): string[] {
  const framer = new Framer(limits)
  const said: string[] = []
  for (const chunk of chop(typeof input === 'string' ? Buffer.from(input, 'latin1') : input, sizes)) {
    framer.push(chunk)
    for (let event = framer.take(); event; event = framer.take()) {
      if (event.kind === 'hopeless') {
        said.push('hopeless')
        return said
      }
      if (event.kind === 'command') said.push(describeCommand(event.command))
      else if (event.kind === 'refused') {
        said.push(`refused ${event.tag ?? '*'} ${event.name ?? '-'} ${event.reason}`)
      } else {
        const choice = decide(event)
        const mark = `{${event.sizeBytes}${event.isSynchronising ? '' : '+'}}`
        if (choice === 'refuse') event.refuse()
        said.push(`${choice} ${mark}${choice === 'accept' && !event.accept() ? ' in vain' : ''}`)
      }
    }
  }
  return said
}
