// Passwords of the admins who share the recovery key: which ones a command asks for, and how they reach it.
import { z } from 'zod'
import type { Option, SecretName, SecretNeed, Work } from './command.ts'

/** More admins than this share a key only through another program. */
export const adminsAtMost = 5

const countForm = z.coerce.number().int().min(1).max(adminsAtMost)

/** How many admins are here to open the key. */
export const presentForm = countForm.optional()
export const countOfAdmins = countForm

export const presentOption: Option = {
  flags: '--admins N',
  description: `as many admins give their passwords, for a key that is shared (1 to ${adminsAtMost})`,
}

type Prefix = 'admin-password' | 'new-admin-password'

const nameOf = (prefix: Prefix, index: number): SecretName =>
  (index === 0 ? prefix : `${prefix}-${index + 1}`) as SecretName

/** Of so many admins. */
export function adminNeeds(prefix: Prefix, count = 1): SecretNeed[] {
  const kind = prefix === 'admin-password' ? 'current' : 'new'
  return Array.from({ length: count }, (_, index) => {
    const of = count === 1 ? '' : `, admin ${index + 1} of ${count}`
    const what = kind === 'new' ? 'New admin recovery password' : 'Admin recovery password'
    return { name: nameOf(prefix, index), kind, prompt: `${what}${of}` }
  })
}

/** Every name there may be, for help. */
export const mayNeedAdmins = (prefix: Prefix): Pick<SecretNeed, 'name' | 'kind'>[] =>
  adminNeeds(prefix, adminsAtMost).map(({ name, kind }) => ({ name, kind }))

export const adminSecrets = (work: Work, prefix: Prefix, count = 1): Buffer[] =>
  Array.from({ length: count }, (_, index) => work.secret(nameOf(prefix, index)))
