// Writes a mailbox as one mbox file (mboxrd), whole or not at all, and reads it again before it takes its place.
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Flag, MessageState } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { collect } from '../base/async.ts'
import { utf8 } from '../base/bytes.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import { sha256 } from '../crypto/digest.ts'
import { normaliseLineEnds } from '../mail/normalise.ts'
import { TransferFailure } from './errors.ts'
import { damagedApart } from './export-maildir.ts'
import type { MailboxExport, MailboxExported } from './export.ts'
import { cannotWrite } from './export-place.ts'
import { bytePath, factsOf, openRegular, readRange } from './files.ts'
import { mboxHead, readMboxMessage } from './mbox-fields.ts'
import { scanMbox } from './mbox-scan.ts'
import { quoteFromLines, toUnixLines } from './unix-lines.ts'

interface Written {
  readonly digest: Buffer
  readonly internalDate: number
  readonly flags: string
}

const sorted = (flags: readonly Flag[]): string => [...flags].sort().join(' ')

/** C's asctime, in UTC: `Sat Nov 21 12:00:00 2026`. */
function asctime(epochMs: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(epochMs)
    .toUTCString()
    .replace(',', '')
    .split(' ')
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${time} ${year}`
}

/** A message with the lines before and behind it. */
export function mboxEntry(message: Buffer, { flags, internalDate, zoneMinutes }: MessageState): Buffer {
  const isTerminated = message.at(-1) === 10
  const date = { epochMs: internalDate, zoneMinutes }
  const from = utf8(`From MAILER-DAEMON ${asctime(internalDate)}\n`)
  const head = utf8(mboxHead(date, flags, { isTerminated }))
  return Buffer.concat([
    from,
    quoteFromLines(Buffer.concat([head, toUnixLines(message)])),
    utf8(isTerminated ? '\n' : '\n\n'),
  ])
}

/** Exports one mailbox. Throws TransferFailure; a damaged message is left out and told. */
export async function exportMbox(work: MailboxExport): Promise<MailboxExported> {
  const { place, row, state } = work
  const path = join(place.root, row.path)
  if (row.written === state && (await factsOf(bytePath(path)))?.kind === 'file') {
    for (let index = 0; index < work.uids.length; index += 1) work.step()
    return { written: 0, verified: 0 }
  }
  await place.folder(dirname(row.path))
  const part = `${path}.part`
  try {
    const written = await writeAll(part, work)
    const verified = await compare(part, written)
    await rename(part, path)
    await syncDirectory(dirname(path))
    await place.written(row, state)
    return { written: written.length, verified }
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw error
  }
}

async function writeAll(part: string, work: MailboxExport): Promise<Written[]> {
  const { mailbox, uids, signal, step, left } = work
  const written: Written[] = []
  const file = await open(part, 'w', 0o600).catch((error: unknown) => {
    throw cannotWrite(part, error)
  })
  try {
    const readable = await damagedApart(mailbox, uids, left)
    for await (const content of mailbox.contents(readable)) {
      signal.throwIfAborted()
      const state = mailbox.state(content.uid)
      if (!state) continue
      const message = await collect(content.read(0, content.sizeBytes)).catch((error: unknown) => {
        // Somebody removed it this very moment.
        if (isRefusal(error, 'message-expunged')) return undefined
        if (!isRefusal(error, 'damaged')) throw error
        left(content.uid, 'is damaged in the store')
        return undefined
      })
      if (message) {
        await file.writeFile(mboxEntry(message, state)).catch((error: unknown) => {
          throw cannotWrite(part, error)
        })
        const { internalDate, flags } = state
        written.push({ digest: sha256(message), internalDate, flags: sorted(flags) })
      }
      step()
    }
    await file.sync()
    return written
  } finally {
    await file.close()
  }
}

/** Reads the file as an import would. Throws TransferFailure 'not-verified' when that is not what was written. */
async function compare(part: string, written: readonly Written[]): Promise<number> {
  const file = await openRegular(bytePath(part))
  try {
    const { size } = await file.stat()
    const layout = await scanMbox(file, size)
    const extents = layout?.extents ?? []
    let equal = 0
    for (const [index, { start, end }] of extents.entries()) {
      const { octets, date, flags } = readMboxMessage(
        await readRange(file, start, end - start),
        layout ?? { isQuoted: true, hasLengths: false },
      )
      const wanted = written[index]
      const isSame =
        wanted !== undefined &&
        sha256(normaliseLineEnds(octets)).equals(wanted.digest) &&
        date?.epochMs === Math.floor(wanted.internalDate / 1000) * 1000 &&
        sorted(flags) === wanted.flags
      if (isSame) equal += 1
    }
    if (equal === written.length && extents.length === written.length) return equal
    throw new TransferFailure(
      'not-verified',
      `${part} reads back as ${extents.length} messages, ${equal} of them equal, not as the ${written.length} that were written`,
    )
  } finally {
    await file.close()
  }
}
