// Forms that several commands share: addresses, sizes, accounts and sessions as they are printed.
import { z } from 'zod'
import type { AccountInfo, SessionRow } from '../account/api.ts'
import type { Argument } from './command.ts'
import { parseSize } from '../config/units.ts'

/** An account's address; what exactly may be one is decided by the account layer. */
export const address = z
  .string()
  .max(320, 'is too long for an address')
  .regex(/^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u, 'must be an address such as alice@example.org')

/** The address argument of most commands. */
export const addressArgument: Argument = {
  name: 'ADDR',
  key: 'address',
  description: 'address of the account',
}

/** `2G` or bytes as a number; `none` is null. */
export const quota = z
  .union([z.string(), z.number().int().nonnegative(), z.null()])
  .transform((given, context) => {
    if (given === null || given === 'none') return null
    const bytes = typeof given === 'number' ? given : parseSize(given)
    if (bytes !== undefined) return bytes
    context.addIssue({ code: 'custom', message: 'must be a size such as 500M or 2G, or none' })
    return z.NEVER
  })

/** The state of at-rest encryption. */
export const atRestForm = z.enum(['off', 'converting', 'on', 'disabling', 'locked'])

export const accountForm = z.object({
  address: z.string().describe('its address'),
  isDisabled: z.boolean().describe('true: logins and mail are refused'),
  atRest: atRestForm.describe('at-rest encryption'),
  isUnlocked: z.boolean().describe('true: its owner is logged in'),
  usedBytes: z.number().describe('bytes stored'),
  quotaBytes: z.number().nullable().describe('bytes allowed; null: no limit'),
  pendingArrivals: z.number().describe('messages that came while locked and wait for the next login'),
})

export type AccountRow = z.output<typeof accountForm>

/** What is printed of an account. */
export function accountRow(info: AccountInfo): AccountRow {
  return {
    address: info.address,
    isDisabled: info.isDisabled,
    atRest: info.atRest,
    isUnlocked: info.isUnlocked,
    usedBytes: info.usedBytes,
    quotaBytes: info.quotaBytes ?? null,
    pendingArrivals: info.pendingArrivals,
  }
}

export const sessionForm = z.object({
  session: z.string().describe('identifier, for `letterlock kick --session`'),
  address: z.string().describe('whose session'),
  protocol: z.string().describe('imap, admin or demo'),
  from: z.string().describe("the client's network address"),
  isTls: z.boolean().describe('true: over TLS'),
  since: z.string().describe('login, ISO 8601'),
  openedBy: z.string().describe('which key slot the login opened'),
})

export type SessionView = z.output<typeof sessionForm>

export function sessionView(row: SessionRow): SessionView {
  return {
    session: row.sessionId,
    address: row.address,
    protocol: row.protocol,
    from: row.remoteAddress,
    isTls: row.isTls,
    since: new Date(row.since).toISOString(),
    openedBy: row.slotKind,
  }
}

/** Whether `address` fits a mask with `*` and `?`, without regard to case. */
export function matchesMask(mask: string, candidate: string): boolean {
  const pattern = mask
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${pattern}$`, 'isu').test(candidate)
}
