// One line of the audit log: JSON, chained to the line before, with a MAC under the site key (FORMAT.md §12).
import { equalBytes } from '../base/bytes.ts'
import type { AuditEntry } from '../account/audit.ts'
import { auditMac } from '../crypto/audit-mac.ts'
import { sha256 } from '../crypto/digest.ts'
import type { SiteKey } from '../crypto/site-key.ts'

/** An entry with what was added to it. */
export interface AuditLine extends AuditEntry {
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  /** SHA-256 of the line before, in hexadecimal; 64 zeros before the first. */
  readonly previous: string
}

export const noPrevious: string = '0'.repeat(64)

const macMark = ',"mac":"'

/** Without its line feed. */
export function makeLine(siteKey: SiteKey, { number, at, event, address, by, ...more }: AuditLine): Buffer {
  const { remoteAddress, detail, previous } = more
  const text = JSON.stringify({ number, at, event, address, by, remoteAddress, detail, previous })
  const before = text.slice(0, -1)
  return Buffer.from(`${before}${macMark}${auditMac(siteKey, Buffer.from(before))}"}`)
}

export const digestOfLine = (line: Uint8Array): string => sha256(line).toString('hex')

/** What the line says; undefined when this site did not write it so. */
export function readLine(siteKey: SiteKey, line: Buffer): AuditLine | undefined {
  const at = line.lastIndexOf(macMark)
  if (at < 0) return undefined
  const expected = Buffer.from(`${macMark}${auditMac(siteKey, line.subarray(0, at))}"}`)
  if (!equalBytes(line.subarray(at), expected)) return undefined
  try {
    return JSON.parse(`${line.toString('utf8', 0, at)}}`) as AuditLine
  } catch {
    return undefined
  }
}
