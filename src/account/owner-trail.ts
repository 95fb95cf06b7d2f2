// The trail as its owner sees it (TrailApi of api-lifecycle.ts).
import type { OwnerSecret, TrailApi, TrailEntry } from './api-lifecycle.ts'
import type { DirectoryEntry } from './directory.ts'
import type { OpenSession } from './open-account.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { markSeen, readTrail } from './trail.ts'

export type OpenFor = (entry: DirectoryEntry, secret: OwnerSecret) => Promise<OpenSession>

export interface OwnerTrailParts {
  readonly registry: Registry
  readonly openFor: OpenFor
}

export class OwnerTrail implements TrailApi {
  readonly #parts: OwnerTrailParts

  constructor(parts: OwnerTrailParts) {
    this.#parts = parts
  }

  async #with<T>(
    address: string,
    secret: OwnerSecret,
    task: (session: OpenSession) => Promise<T>,
  ): Promise<T> {
    const { registry, openFor } = this.#parts
    const session = await openFor(await registry.entry(address), secret)
    try {
      return await refusing(() => task(session))
    } finally {
      await session.close()
    }
  }

  /** What was left while no key was at hand is taken into it before. */
  trail(address: string, secret: OwnerSecret): Promise<readonly TrailEntry[]> {
    return this.#with(address, secret, async ({ account, housekeeping }) => {
      await housekeeping.caughtUp(takenInMs)
      return readTrail(account)
    })
  }

  markTrailSeen(address: string, secret: OwnerSecret): Promise<void> {
    return this.#with(address, secret, ({ account }) => markSeen(account))
  }
}

/** Entries that wait stand among mail that waits. */
const takenInMs = 10_000
