// Real mail, when it is at hand (the variable LETTERLOCK_CORPUS, or ../shared/corpus): everything can be parsed, and what
// mailparser finds is found here.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { simpleParser } from 'mailparser'
import { parseAddresses } from '../../src/mail/address.ts'
import { decodeHeaderText } from '../../src/mail/encoded-word.ts'
import { fieldValue, headerFields } from '../../src/mail/header.ts'
import { normaliseLineEnds } from '../../src/mail/normalise.ts'
import type { OctetString } from '../../src/mail/octets.ts'
import { parseParts } from '../../src/mail/parse-parts.ts'
import { prepareMessage } from '../../src/mail/prepare.ts'
import { sectionBytes } from '../../src/mail/section.ts'
import { fold, searchText } from '../../src/mail/text.ts'
import { decodeTree } from '../../src/mail/tree-codec.ts'
import { allParts } from './messages.ts'
import { readWire } from './wire-reader.ts'

const corpus = process.env['LETTERLOCK_CORPUS'] ?? join(process.cwd(), '../shared/corpus')
const options = { skip: existsSync(corpus) ? false : 'no corpus', timeout: 600_000 }

interface Mail {
  readonly name: string
  readonly bytes: Buffer
}

function* corpusMail(): Generator<Mail> {
  const folder = join(corpus, 'eml')
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    yield { name, bytes: readFileSync(join(folder, name)) }
  }
  const tar = join(corpus, 'spamassassin-a.tar.gz')
  if (existsSync(tar)) yield* untar(gunzipSync(readFileSync(tar)))
}

/** Plain files of a tar archive (POSIX ustar). */
function* untar(archive: Buffer): Generator<Mail> {
  for (let at = 0; at + 512 <= archive.length;) {
    const name = archive.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    const size = parseInt(archive.toString('latin1', at + 124, at + 136), 8) || 0
    const isFile = [0, 48].includes(archive[at + 156] ?? 0)
    if (name !== '' && isFile) yield { name, bytes: archive.subarray(at + 512, at + 512 + size) }
    at += 512 + Math.ceil(size / 512) * 512
  }
}

function field(header: Buffer, name: string): OctetString | undefined {
  const found = headerFields(header).findLast((candidate) => candidate.name === name)
  return found && fieldValue(header, found)
}

function words(text: string): string {
  return fold(text).trim()
}

test('every message of the corpus can be prepared, and its parts are where the tree says', options, () => {
  let count = 0
  for (const { name, bytes } of corpusMail()) {
    const message = normaliseLineEnds(bytes)
    const prepared = prepareMessage(message)
    readWire(prepared.envelope)
    readWire(prepared.body)
    readWire(prepared.bodyStructure)
    const root = decodeTree(prepared.tree)
    for (const part of allParts(root)) assert.ok(part.bodyEnd <= message.length, name)
    assert.deepEqual(sectionBytes(message, root, { path: [] }), message, name)
    count += 1
  }
  assert.ok(count > 0)
})

test('subject, sender, date and attachments are those that mailparser finds', options, async (t) => {
  const differences = { subject: 0, from: 0, date: 0, text: 0 }
  let count = 0
  for (const { bytes } of corpusMail()) {
    const message = normaliseLineEnds(bytes)
    const prepared = prepareMessage(message)
    const theirs = await simpleParser(message, { skipImageLinks: true, skipTextToHtml: true })
    count += 1
    const subject = field(prepared.header, 'subject')
    if (words(decodeHeaderText(subject ?? ('' as OctetString))) !== words(theirs.subject ?? ''))
      differences.subject += 1
    const from = field(prepared.header, 'from')
    const sender = from === undefined ? undefined : parseAddresses(from)[0]
    const address = `${sender?.mailbox ?? ''}@${sender?.domain ?? ''}`
    const theirAddress = theirs.from?.value[0]?.address
    if (theirAddress && words(address) !== words(theirAddress)) differences.from += 1
    if (theirs.headers.has('date') && theirs.date?.getTime() !== prepared.sentDate) differences.date += 1
    const { body } = searchText(message, parseParts(message))
    const sample = words(theirs.text ?? '').slice(0, 40)
    if (theirs.html === false && !body.includes(sample)) differences.text += 1
  }
  t.diagnostic(`${count} messages, differences ${JSON.stringify(differences)}`)
  // The rest are messages that break the rules, where the two parsers guess differently.
  for (const [what, found] of Object.entries(differences))
    assert.ok(found <= count / 50, `${what} differs in ${found}`)
})
