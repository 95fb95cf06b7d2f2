// Where the demo keeps its data: a directory of its own, wiped at the end.
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exitCodes } from '../../admin/exit-code.ts'
import { Failure } from '../../admin/failure.ts'

/** A new directory in the system's temporary one, or `wanted`, which must be empty or missing: the demo wipes it. */
export async function makePlace(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return mkdtemp(join(tmpdir(), 'letterlock-demo-'))
  const path = resolve(wanted)
  const present = await readdir(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (present && present.length > 0) {
    throw new Failure('configuration', exitCodes.cannotCreate, `${path} is not empty`, {
      hint: 'the demo wants a directory of its own, because it wipes it at the end (but with --keep)',
    })
  }
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
  return path
}

/** Removes the directory and everything in it. */
export async function wipePlace(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
}
