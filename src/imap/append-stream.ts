// The messages of APPEND and REPLACE, from the wire and from URLs into the account, one after the other, none of them held twice.
import type { StagedAppend } from '../account/api.ts'
import { Refusal } from '../account/errors.ts'
import { Answer } from './errors.ts'
import { urlOctets } from './imap-url.ts'
import type { Session } from './session.ts'
import type { StreamedInput } from './streamed-command.ts'
import { readOn, type AppendSegment, type AppendStep } from './wire/append-arguments.ts'

type LiteralStep = AppendStep & { readonly kind: 'literal' }

/** Throws what speaks against the literal that comes next, before the peer is asked to send it. */
export function checkLiteral(session: Session, segment: AppendSegment): void {
  const last = segment.steps.at(-1)
  if (last?.kind === 'literal') mayCome(session, last)
}

function mayCome(session: Session, { sizeBytes, isUtf8 }: LiteralStep): void {
  // RFC 6855 §4: the syntax is there for clients that have enabled it.
  if (isUtf8 && !session.modes.isUtf8Accept) throw new Answer('BAD', 'UTF8=ACCEPT is not enabled')
  if (sizeBytes > session.context.settings.maxMessageBytes) {
    throw new Refusal('message-too-large', 'The message is larger than this server takes')
  }
}

/** Reads all messages of a command into `staged`, and the command to its end. `input` is undefined for a whole command. */
export async function stageMessages(
  session: Session,
  first: AppendSegment,
  input: StreamedInput | undefined,
  staged: StagedAppend,
  options: { readonly isSingle: boolean },
): Promise<void> {
  const steps = walk(session, first, input, options)
  for (let step = await steps.next(); !step.done; step = await steps.next()) {
    if (step.value.kind !== 'message') throw new Error('a message must begin here')
    const { flags, internalDate: date, isBinary } = step.value
    await staged.add(messageOctets(session, steps, input), {
      flags,
      isBinary,
      ...(date && { internalDate: date.epochMs, zoneMinutes: date.zoneMinutes }),
    })
  }
}

/** The steps of the command in order; a literal is read by whoever takes its step, before the next one is asked for. */
async function* walk(
  session: Session,
  first: AppendSegment,
  input: StreamedInput | undefined,
  options: { readonly isSingle: boolean },
): AsyncGenerator<AppendStep, undefined, undefined> {
  let segment = first
  for (;;) {
    yield* segment.steps
    const { place } = segment
    if (place === undefined) return
    if (!input) throw new Error('a whole command has no literals on their way')
    segment = await input.next((reader, literal) => readOn(reader, place, literal, options))
    checkLiteral(session, segment)
  }
}

async function* messageOctets(
  session: Session,
  steps: AsyncGenerator<AppendStep, undefined, undefined>,
  input: StreamedInput | undefined,
): AsyncGenerator<Buffer> {
  let isEmpty = true
  for (let step = await steps.next(); !step.done; step = await steps.next()) {
    if (step.value.kind === 'end') break
    const source =
      step.value.kind === 'url' ? urlOctets(session, step.value.url) : literalOctets(step.value, input)
    for await (const piece of source) {
      isEmpty &&= piece.length === 0
      yield piece
    }
  }
  // RFC 3502 §6.3.11: with an empty literal a client gives up what it has sent so far.
  if (isEmpty) throw new Answer('NO', 'An empty message is not stored', 'CANNOT')
}

async function* literalOctets(step: AppendStep, input: StreamedInput | undefined): AsyncGenerator<Buffer> {
  if (step.kind !== 'literal' || !input) throw new Error('a literal must stand here')
  for await (const piece of input.literal()) {
    // RFC 3501 §9: CHAR8 excludes NUL; a literal8 may hold it (RFC 3516 §7).
    if (!step.isBinary && piece.includes(0)) throw new Answer('NO', 'The message holds NUL octets', 'CANNOT')
    yield piece
  }
}
