// Forms of the commands about an owner's own keys, and how keys are shown.
import { open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type { PublicKeyInfo, SealingSettings } from '../account/api-lifecycle.ts'
import { exitCodes } from './exit-code.ts'
import { Failure } from './failure.ts'
import type { View } from './view.ts'

export const keyForm = z.object({
  fingerprint: z.string().describe('its fingerprint; of a certificate, SHA-256'),
  kind: z.enum(['openpgp', 'smime']).describe('what it is'),
  names: z.array(z.string()).describe('user IDs, or the subject and addresses'),
  algorithm: z.string().describe('how it encrypts'),
  createdAt: z.number().nullable().describe('when it was made, milliseconds since 1970'),
  expiresAt: z.number().nullable().describe('when it expires; null: never'),
  problem: z.string().nullable().describe('why mail is not sealed to it; null: it is'),
})

export type KeyRow = z.output<typeof keyForm>

export const keyRow = (key: PublicKeyInfo): KeyRow => ({
  ...{ fingerprint: key.fingerprint, kind: key.kind, names: [...key.names], algorithm: key.algorithm },
  ...{ createdAt: key.createdAt ?? null, expiresAt: key.expiresAt ?? null, problem: key.problem ?? null },
})

export const settingsForm = z.object({
  append: z.boolean().describe('what clients APPEND is sealed too'),
  exceptDrafts: z.boolean().describe('drafts stay readable for the program that wrote them'),
  protectHeaders: z.boolean().describe('the subject goes inside'),
  onTrouble: z.enum(['defer', 'store-marked']).describe('when no key can be used'),
})

export const settingsRow = ({
  append,
  exceptDrafts,
  protectHeaders,
  onTrouble,
}: SealingSettings): z.output<typeof settingsForm> => ({ append, exceptDrafts, protectHeaders, onTrouble })

export const keyFile = z.string().refine(isAbsolute, 'must be an absolute path: the running server reads it')

const fileBytes = 1024 * 1024

/** A file of keys. Throws Failure; the account layer says what is wrong with its contents. */
export async function readKeyFile(path: string): Promise<Buffer> {
  const unreadable = (why: string): Failure =>
    new Failure('cannot-read', exitCodes.data, `cannot read ${path}: ${why}`)
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(error instanceof Error && 'code' in error ? String(error.code) : 'unknown')
  })
  try {
    const { size } = await handle.stat()
    if (size > fileBytes) throw unreadable('it is larger than 1 MB: that is no key')
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

export function showKeys(keys: readonly KeyRow[], view: View): void {
  for (const { fingerprint, kind, names, algorithm, expiresAt, problem } of keys) {
    const ends =
      expiresAt === null ? 'does not expire' : `until ${new Date(expiresAt).toISOString().slice(0, 10)}`
    const what = kind === 'openpgp' ? 'OpenPGP' : 'S/MIME'
    view.out(`${fingerprint}  ${what} ${algorithm}, ${ends}`)
    for (const name of names) view.out(`    ${name}`)
    if (problem !== null) view.out(`    not used: ${problem}`)
  }
}
