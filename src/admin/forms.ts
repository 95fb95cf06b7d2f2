// Forms that several commands share: addresses, sizes, accounts and sessions as they are printed.
import { z } from 'zod'
import type { AccountInfo, SessionRow } from '../account/api.ts'
import type { AppPassword } from '../account/api-lifecycle.ts'
import type { AliasInfo, DomainInfo } from '../account/api-names.ts'
import type { Argument, Option } from './command.ts'
import { parseSize } from '../config/units.ts'
import { isNetwork } from './networks.ts'
import { isoOrNull, shownTime } from './owner.ts'
import { tableLines } from './words.ts'

/** An account's address; what exactly may be one is decided by the account layer. */
export const address = z
  .string()
  .max(320, 'is too long for an address')
  .regex(/^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u, 'must be an address such as alice@example.org')

/** An alias: an address, or `@domain` for whatever else comes there. */
export const alias: z.ZodString = z
  .string()
  .max(320, 'is too long for an address')
  .regex(/^[^@\s\p{Cc}]*@[^@\s\p{Cc}]+$/u, 'must be an address such as info@example.org, or @example.org')

/** The name of a domain; what exactly may be one is decided by the account layer. */
export const domain: z.ZodString = z
  .string()
  .max(255, 'is too long for a domain')
  .regex(/^[^@\s\p{Cc}]+$/u, 'must be a domain such as example.org')

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
  protocol: z.string().describe('imap, web, admin or demo'),
  from: z.string().describe("the client's network address"),
  isTls: z.boolean().describe('true: over TLS'),
  since: z.string().describe('login, ISO 8601'),
  openedBy: z.string().describe('which key slot the login opened, with its name'),
  client: z.string().nullable().describe('what the client calls itself (IMAP ID)'),
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
    openedBy: row.slotName === undefined ? row.slotKind : `${row.slotKind} "${row.slotName}"`,
    client: row.client ?? null,
  }
}

export const aliasForm = z.object({
  alias: z.string().describe('its address; @example.org: whatever else comes for that domain'),
  targets: z.array(z.string()).describe('where its mail goes: accounts and aliases'),
  reaches: z.array(z.string()).describe('the accounts that its mail comes to in the end'),
  lost: z.array(z.string()).describe('targets that are not there any more'),
})

export type AliasRow = z.output<typeof aliasForm>

export function aliasRow({ alias, targets, reaches, lost }: AliasInfo): AliasRow {
  return { alias, targets: [...targets], reaches: [...reaches], lost: [...lost] }
}

/** `off`, `offered`, `new`, `all`. */
export const policyForm = z.enum(['off', 'offered', 'new', 'all'])

export const domainForm = z.object({
  domain: z.string().describe('its name'),
  source: z
    .enum(['command', 'settings', 'accounts'])
    .describe('`domain add`, [domains] local, or only that it has accounts'),
  accounts: z.number().describe('accounts in it'),
  aliases: z.number().describe('aliases in it'),
  policy: policyForm.describe('at-rest policy of accounts without one of their own'),
  adminRecovery: z.boolean().describe('whether there may be slots for the admin recovery key'),
  hasOwnPolicy: z.boolean().describe('true: `atrest policy set` set one of the two'),
})

export type DomainRow = z.output<typeof domainForm>

export function domainRow(info: DomainInfo): DomainRow {
  const { domain, source, accounts, aliases, policy, adminRecovery, own } = info
  const hasOwnPolicy = own.policy !== undefined || own.adminRecovery !== undefined
  return { domain, source, accounts, aliases, policy, adminRecovery, hasOwnPolicy }
}

/** Whether `address` fits a mask with `*` and `?`, without regard to case. */
export function matchesMask(mask: string, candidate: string): boolean {
  const pattern = mask
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${pattern}$`, 'isu').test(candidate)
}

/** An address or a network, for `--ip`. */
export const network: z.ZodString = z
  .string()
  .refine(isNetwork, 'must be an address or a network such as 192.0.2.0/24')

export const networkOption: Option = {
  flags: '--ip NETWORK',
  description: 'from there, such as 192.0.2.0/24',
}

/** The first digits of a slot's identifier, as lists show it. */
export const slotId: z.ZodString = z
  .string()
  .regex(/^[0-9a-f]{8,32}$/i, 'must be an identifier as the lists show it, such as 0a1b2c3d')

export const slotIdArgument: Argument = { name: 'ID', key: 'id', description: 'its identifier' }

export const appPasswordForm = z.object({
  id: z.string().describe('its identifier'),
  name: z.string().describe('what it is for, as its owner says'),
  protocols: z.array(z.enum(['imap', 'submission'])).describe('where it is taken'),
  createdAt: z.string().describe('when it was made, ISO 8601'),
  expiresAt: z.string().nullable().describe('when it ends, if ever'),
  lastUsedAt: z.string().nullable().describe('last use, as far as it is known'),
  lastUsedFrom: z.string().nullable().describe('network address and client of that'),
})

export function appPasswordView(one: AppPassword): z.output<typeof appPasswordForm> {
  const { id, name, protocols, createdAt, expiresAt, lastUsedAt, lastUsedFrom } = one
  return {
    ...{ id, name, protocols: [...protocols], lastUsedFrom: lastUsedFrom ?? null },
    createdAt: new Date(createdAt).toISOString(),
    ...{ expiresAt: isoOrNull(expiresAt), lastUsedAt: isoOrNull(lastUsedAt) },
  }
}

/** App passwords as a table. */
export function appPasswordLines(appPasswords: readonly z.output<typeof appPasswordForm>[]): string[] {
  const head = ['ID', 'NAME', 'FOR', 'MADE', 'EXPIRES', 'LAST USED', 'FROM']
  const rows = appPasswords.map((one) => [
    ...[one.id, one.name, one.protocols.join(',')],
    ...[shownTime(one.createdAt), shownTime(one.expiresAt), shownTime(one.lastUsedAt)],
    one.lastUsedFrom ?? '-',
  ])
  return tableLines(head, rows)
}
