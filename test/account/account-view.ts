// A view of an account whose bodies nobody asks for: stores of tests that show other records than are there.
import type { AccountView, Snapshot } from '../../src/store/store.ts'

export function viewOf(snapshot: Snapshot): AccountView {
  return {
    ...snapshot,
    ...{ usageBytes: 0, quotaBytes: undefined },
    blobs: () => {
      throw new Error('this view has no bodies')
    },
  }
}
