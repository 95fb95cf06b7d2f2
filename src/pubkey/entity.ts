// What goes inside and what stays outside of a sealed message (RFC 3156, RFC 8551, RFC 9788).
import { asBuffer, concat } from '../base/bytes.ts'
import { fieldValue, headerFields, type HeaderField } from '../mail/header.ts'
import { parameterValue, parseContentType } from '../mail/content-type.ts'
import { parseParts } from '../mail/parse-parts.ts'

/** Tells that this server sealed the message: kind, and the keys by the end of their fingerprints. */
export const sealedField = 'X-Letterlock-Sealed'
/** Tells that the message should have been sealed and why it was not. */
export const notSealedField = 'X-Letterlock-Not-Sealed'

const ownFields: readonly string[] = [sealedField.toLowerCase(), notSealedField.toLowerCase()]

/** Where the header block of a message ends: behind its blank line, if it has one. */
function headerEnd(message: Uint8Array): number {
  return parseParts(message).bodyStart
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1')

/** The lines of a field, its last one ended. */
function linesOf(message: Uint8Array, { start, end }: HeaderField): Buffer {
  const lines = asBuffer(message).subarray(start, end)
  return lines.at(-1) === 10 ? lines : concat(lines, text('\r\n'))
}

/** Fields that say what the message is about, or may (Thread-Topic is the subject again): inside only, where headers are protected. */
const hiddenFields: readonly string[] = ['subject', 'comments', 'keywords', 'thread-topic']
/** What a reader shows, or answers by: told apart inside by HP-Outer. */
const shownFields: readonly string[] = [
  ...['from', 'sender', 'reply-to', 'to', 'cc', 'bcc', 'date', 'message-id'],
  ...['in-reply-to', 'references', 'subject', 'followup-to', 'mail-followup-to'],
]

/** The outer subject of a message whose own one is inside. */
const outerSubject = '...'

/**
 * Header fields that stay outside, in their order: all but those that describe the body, which is another one now. Lines that are no
 * fields stay inside, since a reader might end the header there.
 */
export function outerFields(message: Uint8Array, isProtected: boolean): Buffer[] {
  const kept: Buffer[] = []
  for (const field of headerFields(message, 0, headerEnd(message))) {
    const { name } = field
    if (name === '' || name.startsWith('content-') || name === 'mime-version') continue
    if (ownFields.includes(name)) continue
    if (isProtected && hiddenFields.includes(name)) {
      if (name === 'subject') kept.push(text(`Subject: ${outerSubject}\r\n`))
      continue
    }
    kept.push(linesOf(message, field))
  }
  return kept
}

/**
 * What is encrypted. Without protected headers that is the message as it was delivered, octet for octet: its whole header, so that
 * nothing of it is lost and signatures over it (DKIM) can still be checked, a blank line and its body. With them two things are added:
 * HP-Outer fields at the beginning, and the parameters at the end of the Content-Type field, or that field where there is none.
 */
export function innerMessage(message: Buffer, isProtected: boolean): Buffer {
  if (!isProtected) return message
  const fields = headerFields(message, 0, headerEnd(message))
  const outer = fields
    .filter(({ name }) => shownFields.includes(name))
    .map((field) =>
      field.name === 'subject'
        ? text(`HP-Outer: Subject: ${outerSubject}\r\n`)
        : concat(text('HP-Outer: '), linesOf(message, field)),
    )
  const typed = fields.find(({ name }) => name === 'content-type')
  if (!typed) {
    const type = text('Content-Type: text/plain; charset="us-ascii"; protected-headers="v1"; hp="cipher"\r\n')
    return concat(...outer, type, message)
  }
  const value = fieldValue(message, typed)
  const parameters = parseContentType(value)?.parameters ?? []
  if (parameterValue(parameters, 'hp') !== undefined) return concat(...outer, message)
  const at = valueEnd(message, typed)
  const separator = message[at - 1] === 0x3b ? '' : ';'
  const added = text(`${separator}\r\n protected-headers="v1"; hp="cipher"`)
  return concat(...outer, message.subarray(0, at), added, message.subarray(at))
}

/** Behind the last octet of a field's value that is no blank. */
function valueEnd(message: Uint8Array, { valueStart, end }: HeaderField): number {
  let at = end
  while (at > valueStart && /[ \t\r\n]/.test(String.fromCharCode(message[at - 1] ?? 0))) at -= 1
  return at
}

/** A message with one field in front of the others. */
export function withField(message: Uint8Array, name: string, value: string): Buffer {
  return concat(text(`${name}: ${value}\r\n`), message)
}
