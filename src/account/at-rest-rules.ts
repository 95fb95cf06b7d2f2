// What site and domain let accounts do at rest, and what follows for one account.
import type { AtRestPolicy } from './api-lifecycle.ts'
import { adminRecoveryField, fieldOf, pendingField, policyField } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'

export interface AtRestRule {
  readonly policy: AtRestPolicy
  /** Whether accounts may get a slot for the site's admin recovery key. */
  readonly adminRecovery: boolean
}

/** The rule of a domain, in lower case. */
export type AtRestRules = (domain: string) => AtRestRule

/** What holds where nothing is set. */
export const standardRules: AtRestRules = () => ({ policy: 'offered', adminRecovery: true })

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)

/** The account's own policy, else its domain's, else the site's. */
export function policyOf(rules: AtRestRules, { address, fields }: DirectoryEntry): AtRestPolicy {
  return fieldOf(fields, policyField) ?? rules(domainOf(address)).policy
}

/** Whether the account may have a slot for the admin recovery key: as it is set for it, else for its domain, else for the site. */
export function adminRecoveryOf(rules: AtRestRules, { address, fields }: DirectoryEntry): boolean {
  return fieldOf(fields, adminRecoveryField) ?? rules(domainOf(address)).adminRecovery
}

/** Whether a new account of this address is to be encrypted at its first login. */
export function isMarkedWhenNew(rules: AtRestRules, address: string): boolean {
  const { policy } = rules(domainOf(address))
  return policy === 'new' || policy === 'all'
}

/** Whether the account is to be encrypted when its owner comes next. The policy `off` beats a mark. */
export function isDue(rules: AtRestRules, entry: DirectoryEntry): boolean {
  const policy = policyOf(rules, entry)
  return policy !== 'off' && (policy === 'all' || fieldOf(entry.fields, pendingField))
}
