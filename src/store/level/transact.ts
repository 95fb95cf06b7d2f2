// One transaction of the floor above: runs it on the account's present state and turns its writes into records.
import { nextNumbers } from '../account-changes.ts'
import type { Transaction } from '../store.ts'
import { WriteSet, type Base } from '../write-set.ts'
import type { Account, AccountView, Draft } from './account.ts'
import { active } from './accounts.ts'
import { blobEffects } from './bodies/blob-changes.ts'
import { accountSuffix, encodeAccount, valueKind } from './layout.ts'

export interface Committed<T> {
  readonly value: T
  readonly version: number
}

/**
 * `onDurable` gets the version, if it is a new one, and the segments that lost blobs, before the transaction resolves.
 */
export async function transact<T>(
  account: Account,
  run: (tx: Transaction) => Promise<T>,
  onDurable: (version: number | undefined, shrunk: readonly number[]) => void,
): Promise<Committed<T>> {
  return account.change(async (view): Promise<Draft<Committed<T>>> => {
    const before = active(view.account())
    const writes = new WriteSet(baseOf(view, before.version))
    let value: T
    try {
      value = await run(writes)
    } finally {
      writes.finish()
    }
    if (!writes.hasWritten) return { value: { value, version: before.version }, ops: [] }

    const changes = await writes.recordChanges()
    const after = nextNumbers(before, writes)
    const blobs = await blobEffects(account, view, writes.blobChanges)
    for (const staged of blobs.staged) staged.attaching()
    return {
      value: { value, version: after.version },
      ops: [
        ...changes.map(([key, change]) => ({ suffix: valueKind + key, value: change })),
        ...blobs.ops,
        { suffix: accountSuffix, value: encodeAccount({ state: 'active', ...after }) },
      ],
      sync: async () => {
        await Promise.all(blobs.staged.map((staged) => staged.sync()))
      },
      settled: (failure) => {
        for (const staged of blobs.staged) void staged.attached(failure)
        if (!failure) onDurable(writes.raisesVersion ? after.version : undefined, blobs.shrunk)
      },
    }
  })
}

function baseOf(view: AccountView, version: number): Base {
  return {
    version,
    // A single record is read at once: the way through the thread pool costs more than most reads.
    get: async (key) => view.get(valueKind + key),
    getMany: (keys) => view.getMany(keys.map((key) => valueKind + key)),
    range: (range) => view.range(valueKind, range),
  }
}
