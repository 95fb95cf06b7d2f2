// Builds messages for the tests of src/mail.
import { parseParts } from '../../src/mail/parse-parts.ts'
import type { Part, PartNode } from '../../src/mail/part.ts'
import { asOctets, type OctetString } from '../../src/mail/octets.ts'

/** Lines joined and ended by CRLF; characters above U+007F become UTF-8. */
export function mail(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'utf8')
}

/** Text as the octets of its UTF-8 form. */
export function octets(text: string): OctetString {
  return asOctets(Buffer.from(text, 'utf8').toString('latin1'))
}

export function bodyText(message: Buffer, part: PartNode): string {
  return message.toString('latin1', part.bodyStart, part.bodyEnd)
}

/** The tree in one line: type/subtype, children in brackets. */
export function shape(part: PartNode): string {
  const children = part.children.map(shape).join(' ')
  return `${part.type}/${part.subtype}${children === '' ? '' : `[${children}]`}`
}

export function shapeOf(message: Buffer): string {
  return shape(parseParts(message))
}

export function allParts<T extends PartNode>(root: T): T[] {
  return [root, ...root.children.flatMap((child) => allParts(child as T))]
}

export function leaves(root: Part): Part[] {
  return allParts(root).filter((part) => part.children.length === 0)
}
