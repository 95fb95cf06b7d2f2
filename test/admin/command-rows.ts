// The form of the rows in which command tests are written, and how one is checked.
import assert from 'node:assert/strict'
import type { Bench, RunOptions } from './harness.ts'

export interface Row {
  readonly name: string
  readonly argv: readonly string[]
  readonly options?: RunOptions
  readonly before?: (bench: Bench) => void
  readonly exitCode: number
  readonly out?: RegExp
  readonly err?: RegExp
  readonly after?: (bench: Bench) => void
}

export const alice = 'alice@example.org'
export const missing = 'nobody@example.org'

/** Runs a row; whatever comes out, secrets are wiped and what was opened is closed. */
export async function check(bench: Bench, row: Row): Promise<void> {
  bench.accounts.add(alice)
  row.before?.(bench)
  const ran = await bench.run(row.argv, row.options)
  assert.equal(ran.exitCode, row.exitCode, `${ran.out}${ran.err}`)
  if (row.out) assert.match(ran.out, row.out)
  if (row.err) assert.match(ran.err, row.err)
  row.after?.(bench)
  for (const bytes of bench.accounts.given)
    assert.ok(
      bytes.every((byte) => byte === 0),
      'a secret was not wiped',
    )
  assert.equal(bench.closed, bench.opened, 'an opened store was not closed')
}
