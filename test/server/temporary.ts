// A directory that is gone when the scope ends.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Temporary extends AsyncDisposable {
  readonly path: string
  at(...names: readonly string[]): string
}

export async function temporary(): Promise<Temporary> {
  const path = await mkdtemp(join(tmpdir(), 'letterlock-'))
  return {
    path,
    at: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
