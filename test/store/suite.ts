// The contract of src/store/store.ts, run by every engine.
import { describe, it } from 'node:test'
import { account, type Factory, type Harness } from './kit.ts'
import { accountCases } from './suite-accounts.ts'
import { blobCases } from './suite-blobs.ts'
import { rangeCases } from './suite-ranges.ts'
import { restoreCases } from './suite-restore.ts'
import { transactionCases } from './suite-transactions.ts'

/** A case gets a store of its own, in which `account` exists. */
export type Case = readonly [name: string, run: (harness: Harness) => Promise<void>]

export function storeSuite(name: string, factory: Factory): void {
  describe(`store contract: ${name}`, () => {
    for (const [title, run] of [
      ...transactionCases,
      ...rangeCases,
      ...blobCases,
      ...accountCases,
      ...restoreCases,
    ]) {
      it(title, async () => {
        const harness = await factory()
        try {
          await harness.store.create(account)
          await run(harness)
        } finally {
          await harness.end()
        }
      })
    }
  })
}
