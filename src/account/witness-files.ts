// Files outside the store that remember how far each account was. They must not be in the same backup as the store.
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { hex } from '../base/bytes.ts'

/** Where witnesses are kept. Everything may fail; nobody's mail depends on it. */
export interface WitnessFiles {
  /** undefined: there is none. */
  read(account: Uint8Array, kind: WitnessKind): Promise<Buffer | undefined>
  /** Whole, and durable when it resolves. */
  write(account: Uint8Array, kind: WitnessKind, bytes: Uint8Array): Promise<void>
  remove(account: Uint8Array, kind: WitnessKind): Promise<void>
}

/** `accepted`: somebody said that the account is meant to be older than its witness. */
export type WitnessKind = 'witness' | 'accepted'

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Witnesses in a directory, which is made when it is missing. */
export function witnessesIn(directory: string): WitnessFiles {
  const path = (account: Uint8Array, kind: WitnessKind): string => join(directory, `${hex(account)}.${kind}`)
  const syncName = async (): Promise<void> => {
    const handle = await open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
  return {
    async read(account, kind) {
      try {
        return await readFile(path(account, kind))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    async write(account, kind, bytes) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const name = path(account, kind)
      const file = await open(`${name}.new`, 'w', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(`${name}.new`, name)
      await syncName()
    },
    async remove(account, kind) {
      try {
        await unlink(path(account, kind))
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    },
  }
}
