// How commands are given an owner's secret: the password, or the site's key where that opens the account.
import { z } from 'zod'
import type { OwnerSecret } from '../account/api-lifecycle.ts'
import type { Option, SecretNeed, Work } from './command.ts'

/** For the input of such commands. */
export const siteKeyField: z.ZodOptional<z.ZodBoolean> = z.boolean().optional()

export const siteKeyOption: Option = {
  flags: '--site-key',
  description: 'open it with the key of the site, not a password (encryption off)',
}

interface OwnerInput {
  readonly address: string
  readonly siteKey?: boolean | undefined
}

export function ownerNeeds({ address, siteKey }: OwnerInput): readonly SecretNeed[] {
  return siteKey ? [] : [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }]
}

export function ownerSecret(work: Work, { siteKey }: OwnerInput): OwnerSecret {
  return siteKey ? { kind: 'site' } : { kind: 'password', password: work.secret('password') }
}

/** `2026-11-28 17:41`, or a dash. */
export function shownTime(iso: string | null): string {
  return iso === null ? '-' : iso.slice(0, 16).replace('T', ' ')
}

export function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
