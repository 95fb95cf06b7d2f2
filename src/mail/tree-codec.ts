// The MIME tree as a compact stored record, and back.
//
// Version 1: one octet 1, then the root. A node is its type, encoding and charset, then five counts: octets between the
// place where it could begin at the earliest (the body of the node above, or the end of the sibling before it) and where
// it does, octets of its header, octets of its body, line feeds in its body, children; then the children. Types, encodings
// and charsets are one octet: a place in the tables below, or 0 and the word itself behind its length in one octet. Counts
// are little-endian groups of seven bits, the top bit set on all but the last, in the shortest form.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { partDepth, partsPerMessage, tokenBytes } from './limits.ts'
import { octetBytes, asOctets, octetString } from './octets.ts'
import type { PartNode } from './part.ts'

const version = 1

// These tables are part of version 1: they may grow at the end, words that are there keep their places.
const types = [
  'text/plain',
  'text/html',
  'multipart/alternative',
  'multipart/mixed',
  'multipart/related',
  'multipart/signed',
  'multipart/report',
  'multipart/digest',
  'multipart/encrypted',
  'message/rfc822',
  'message/delivery-status',
  'application/octet-stream',
  'application/pdf',
  'image/png',
  'image/jpeg',
  'image/gif',
  'text/calendar',
  'application/pgp-signature',
  'application/pkcs7-signature',
]
const encodings = ['7bit', '8bit', 'binary', 'quoted-printable', 'base64']
const noCharset = ''
const charsets = [noCharset, 'us-ascii', 'utf-8', 'iso-8859-1', 'iso-8859-15', 'windows-1252']
// A multipart without parts is given an empty one, which the limit on parts does not count.
const maxNodes = partsPerMessage * 2

/** At most a few octets for each part. */
export function encodeTree(root: PartNode): Buffer {
  const writer = new ByteWriter().u8(version)
  writeNode(writer, root, 0)
  return writer.finish()
}

function writeNode(writer: ByteWriter, node: PartNode, earliest: number): void {
  writeWord(writer, types, `${node.type}/${node.subtype}`)
  writeWord(writer, encodings, node.encoding)
  writeWord(writer, charsets, node.charset ?? noCharset)
  writeCount(writer, node.headerStart - earliest)
  writeCount(writer, node.bodyStart - node.headerStart)
  writeCount(writer, node.bodyEnd - node.bodyStart)
  writeCount(writer, node.bodyLines)
  writeCount(writer, node.children.length)
  let from = node.bodyStart
  for (const child of node.children) {
    writeNode(writer, child, from)
    from = child.bodyEnd
  }
}

function writeWord(writer: ByteWriter, table: readonly string[], word: string): void {
  const place = table.indexOf(word) + 1
  writer.u8(place)
  if (place > 0) return
  const bytes = octetBytes(asOctets(word))
  writer.u8(bytes.length).fixed(bytes)
}

function writeCount(writer: ByteWriter, count: number): void {
  let rest = count
  for (; rest > 127; rest = Math.floor(rest / 128)) writer.u8((rest % 128) + 128)
  writer.u8(rest)
}

/** Strict: throws MalformedRecord on anything that `encodeTree` does not write. */
export function decodeTree(bytes: Uint8Array): PartNode {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== version) throw new MalformedRecord('MIME tree of an unknown version')
  const root = readNode(reader, { earliest: 0, latest: Number.MAX_SAFE_INTEGER, depth: 0 }, { nodes: 0 })
  reader.end()
  return root
}

interface Bounds {
  readonly earliest: number
  readonly latest: number
  readonly depth: number
}

function readNode(reader: ByteReader, bounds: Bounds, seen: { nodes: number }): PartNode {
  seen.nodes += 1
  if (seen.nodes > maxNodes || bounds.depth > partDepth + 1) throw new MalformedRecord('MIME tree too large')
  const [type, subtype] = readType(reader)
  const encoding = readWord(reader, encodings)
  const charset = readWord(reader, charsets)
  const headerStart = bounds.earliest + readCount(reader)
  const bodyStart = headerStart + readCount(reader)
  const bodyEnd = bodyStart + readCount(reader)
  const bodyLines = readCount(reader)
  const childCount = readCount(reader)
  if (bodyEnd > bounds.latest || bodyLines > bodyEnd - bodyStart) {
    throw new MalformedRecord('MIME part beyond its bounds')
  }
  const children: PartNode[] = []
  let earliest = bodyStart
  for (let i = 0; i < childCount; i++) {
    const child = readNode(reader, { earliest, latest: bodyEnd, depth: bounds.depth + 1 }, seen)
    earliest = child.bodyEnd
    children.push(child)
  }
  return {
    headerStart,
    bodyStart,
    bodyEnd,
    bodyLines,
    type,
    subtype,
    encoding,
    charset: charset === noCharset ? undefined : charset,
    children,
  }
}

function readType(reader: ByteReader): [string, string] {
  const word = readWord(reader, types)
  const slash = word.indexOf('/')
  if (slash < 0) throw new MalformedRecord('MIME type without a slash')
  return [word.slice(0, slash), word.slice(slash + 1)]
}

function readWord(reader: ByteReader, table: readonly string[]): string {
  const place = reader.u8()
  if (place > 0) {
    const word = table[place - 1]
    if (word === undefined) throw new MalformedRecord('unknown word in MIME tree')
    return word
  }
  const word = octetString(reader.fixed(reader.u8()))
  if (table.includes(word) || word.length > 2 * tokenBytes + 1) {
    throw new MalformedRecord('word in MIME tree is not in its shortest form')
  }
  return word
}

function readCount(reader: ByteReader): number {
  let count = 0
  for (let scale = 1; scale <= 128 ** 6; scale *= 128) {
    const octet = reader.u8()
    count += (octet % 128) * scale
    if (octet < 128) {
      if (octet === 0 && scale > 1) throw new MalformedRecord('count is not in its shortest form')
      return count
    }
  }
  throw new MalformedRecord('count too large')
}
