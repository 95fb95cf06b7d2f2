// Aliases and domains as they are stored in the directory (FORMAT.md §8.11).
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { aliasTargets } from '../base/limits.ts'
import { openVouched, vouched, vouchedMacBytes, type VouchedRecord } from '../crypto/vouched.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { AtRestPolicy } from './api-lifecycle.ts'
import { Damage } from './errors.ts'

const firstByte = { alias: 16, domain: 17 } as const
const version = 1

/** What stands under a name of the directory; an account, also where it is of an unknown version. */
export function kindOfName(bytes: Uint8Array): 'account' | 'alias' | 'domain' {
  if (bytes[0] === firstByte.alias) return 'alias'
  return bytes[0] === firstByte.domain ? 'domain' : 'account'
}

const ownerOf = (name: string): Buffer => new ByteWriter().text16(name).finish()

/** Without the site's key nothing is verified. Throws Damage. */
function open<T>(
  siteKey: SiteKey | undefined,
  record: VouchedRecord & ('alias' | 'domain'),
  name: string,
  bytes: Uint8Array,
  read: (from: ByteReader) => T,
): T {
  try {
    const body = siteKey
      ? openVouched(siteKey, record, ownerOf(name), bytes)
      : bytes.subarray(0, Math.max(0, bytes.length - vouchedMacBytes))
    const from = new ByteReader(body)
    if (from.u8() !== firstByte[record] || from.u8() !== version)
      throw new MalformedRecord(`${record} of an unknown version`)
    const value = read(from)
    from.end()
    return value
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Damage(`the ${record} is damaged`, { cause: error })
    throw error
  }
}

/** The record of an alias, from its targets. */
export function encodeAlias(siteKey: SiteKey, name: string, targets: readonly string[]): Buffer {
  const body = new ByteWriter().u8(firstByte.alias).u8(version).u16(targets.length)
  for (const target of targets) body.text16(target)
  return vouched(siteKey, 'alias', ownerOf(name), body.finish())
}

/** The targets of an alias. Throws Damage and Corrupt, also for the record of another name or site. */
export function decodeAlias(siteKey: SiteKey | undefined, name: string, bytes: Uint8Array): string[] {
  return open(siteKey, 'alias', name, bytes, (from) => {
    const count = from.u16()
    if (count === 0 || count > aliasTargets)
      throw new MalformedRecord('alias with too few or too many targets')
    return Array.from({ length: count }, () => from.text16())
  })
}

/** What a domain's record says. */
export interface DomainRecord {
  /** Milliseconds since 1970. */
  readonly addedAt: number
  /** undefined: as the settings say. */
  readonly policy: AtRestPolicy | undefined
  readonly adminRecovery: boolean | undefined
}

const policies: readonly AtRestPolicy[] = ['off', 'offered', 'new', 'all']

export function encodeDomain(siteKey: SiteKey, name: string, record: DomainRecord): Buffer {
  const { addedAt, policy, adminRecovery } = record
  const fields: (readonly [number, number])[] = []
  if (policy !== undefined) fields.push([1, policies.indexOf(policy)])
  if (adminRecovery !== undefined) fields.push([2, adminRecovery ? 1 : 0])
  const body = new ByteWriter().u8(firstByte.domain).u8(version).u64(addedAt).u8(fields.length)
  for (const [field, value] of fields) body.u8(field).bytes16(Buffer.of(value))
  return vouched(siteKey, 'domain', ownerOf(name), body.finish())
}

/** Throws as `decodeAlias`. */
export function decodeDomain(siteKey: SiteKey | undefined, name: string, bytes: Uint8Array): DomainRecord {
  return open(siteKey, 'domain', name, bytes, (from) => {
    const addedAt = from.u64()
    const values = new Map<number, number>()
    let last = 0
    for (let count = from.u8(); count > 0; count -= 1) {
      const field = from.u8()
      const value = new ByteReader(from.bytes16())
      if (field <= last || field > 2) throw new MalformedRecord('domain with a field of a later version')
      values.set(field, value.u8())
      value.end()
      last = field
    }
    const [rank, allowed] = [values.get(1), values.get(2)]
    const policy = rank === undefined ? undefined : policies[rank]
    if (rank !== undefined && policy === undefined) throw new MalformedRecord('policy of an unknown kind')
    if (allowed !== undefined && allowed > 1) throw new MalformedRecord('admin recovery of an unknown kind')
    return { addedAt, policy, adminRecovery: allowed === undefined ? undefined : allowed === 1 }
  })
}
