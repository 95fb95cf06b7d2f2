// Where a mailbox is in an export: names that every file system takes, and that no program mistakes for something else.
import { utf8 } from '../base/bytes.ts'
import { sha256 } from '../crypto/digest.ts'
import { encodeUtf7 } from '../mail/utf7.ts'
import type { Table, TableRow } from './table.ts'

export type ExportFormat = Table['format']

/** Longest name of a file that every file system takes, with room for endings. */
const longestName = 200

/** One level of a name as a file name: ASCII, never hidden, never one of the endings that have a meaning. */
function fileLevel(level: string): string {
  const name = encodeUtf7(level)
    .replace(/^\./, '_')
    .replace(/\.(?=(?:mbox|part|sbd|mbx)$)/i, '_')
  return name.length <= longestName ? name : `mailbox-${sha256(utf8(level)).toString('hex', 0, 8)}`
}

function pathFor(format: ExportFormat, name: string): string {
  const levels = name.split('/')
  if (format === 'mbox') return `${levels.map(fileLevel).join('/')}.mbox`
  if (name === 'INBOX') return '.'
  // Maildir++ separates levels by dots, so that a level cannot have one.
  const folder = `.${levels.map((level) => encodeUtf7(level).replaceAll('.', '_')).join('.')}`
  return folder.length <= longestName ? folder : `.mailbox-${sha256(utf8(name)).toString('hex', 0, 8)}`
}

/** A path that none of `rows` has, whatever file systems make of capitals. */
export function freePath(format: ExportFormat, name: string, rows: readonly TableRow[]): string {
  const wanted = pathFor(format, name)
  const isTaken = (path: string): boolean => rows.some((row) => row.path.toLowerCase() === path.toLowerCase())
  for (let number = 1; ; number += 1) {
    const ending = format === 'mbox' ? '.mbox' : ''
    const path =
      number === 1 ? wanted : `${wanted.slice(0, wanted.length - ending.length)}~${number}${ending}`
    if (!isTaken(path)) return path
  }
}
