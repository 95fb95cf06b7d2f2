// An account on its way back from a copy: nobody may use it until all of it is there (LAYOUT.md, Restoring).
import { keyText } from '../ordered-map.ts'
import { checkKey, checkValue } from '../checks.ts'
import { Refused } from '../errors.ts'
import type { AccountInfo, BlobId, Entry, Restoration } from '../store.ts'
import type { BlobChange } from '../write-set.ts'
import type { Account, AccountOp, AccountView } from './account.ts'
import { blobEffects } from './bodies/blob-changes.ts'
import type { Room } from './bodies/room.ts'
import type { AccountSegments } from './bodies/segments.ts'
import { stageBody, type Staged } from './bodies/staging.ts'
import { accountSuffix, encodeAccount, valueKind } from './layout.ts'

/** Bodies that become the account's own in one batch. */
const blobsAtOnce = 256
const blobBytesAtOnce = 32 * 1024 * 1024
const noNumbers = { version: 0, usageBytes: 0, quotaBytes: undefined }

/** From here on nobody uses what there is of the account, and a crash does not bring it back. */
export async function beginRestoring(account: Account): Promise<void> {
  await account.change(async (view) => {
    if (view.account()?.state === 'destroying')
      throw new Refused('no-account', 'the account is being destroyed')
    return {
      value: undefined,
      ops: [{ suffix: accountSuffix, value: encodeAccount({ ...noNumbers, state: 'restoring' }) }],
    }
  })
}

interface Staging {
  readonly room: Room
  readonly smallBodyBytes: number
}

/** Runs a task with the account and its files in memory. */
type Run = (task: (account: Account, segments: AccountSegments) => Promise<void>) => Promise<void>

export class LevelRestoration implements Restoration {
  readonly #staging: Staging
  readonly #run: Run
  #staged: { readonly body: Staged; readonly count: number }[] = []
  #bytes = 0

  constructor(staging: Staging, run: Run) {
    this.#staging = staging
    this.#run = run
  }

  async put(entries: readonly Entry[]): Promise<void> {
    const ops = entries.map(([key, value]) => {
      checkKey(key)
      checkValue(value)
      return { suffix: valueKind + keyText(key), value: Buffer.from(value) }
    })
    await this.#run((account) => change(account, ops))
  }

  async addBlob(
    blobId: BlobId,
    recoveryHeader: Uint8Array,
    count: number,
    source: AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<void> {
    await this.#run(async (account, segments) => {
      await segments.load()
      const body = await stageBody({
        ...this.#staging,
        ...{ account, segments, recoveryHeader, source },
        blobId: Buffer.from(blobId),
        closed: new Promise<never>(() => undefined),
      })
      this.#staged.push({ body, count })
      this.#bytes += body.lengthBytes
      if (this.#staged.length >= blobsAtOnce || this.#bytes >= blobBytesAtOnce) await this.#attach(account)
    })
  }

  async finish({ version, usageBytes, quotaBytes }: AccountInfo): Promise<void> {
    await this.#run(async (account) => {
      await this.#attach(account)
      const value = encodeAccount({ state: 'active', version, usageBytes, quotaBytes })
      await change(account, [{ suffix: accountSuffix, value }])
    })
  }

  async #attach(account: Account): Promise<void> {
    const batch = this.#staged
    this.#staged = []
    this.#bytes = 0
    const changes = batch.flatMap(({ body, count }): BlobChange[] => [
      { kind: 'attach', staged: body },
      ...Array.from({ length: count - 1 }, () => ({ kind: 'link' as const, blobId: body.blobId })),
    ])
    if (changes.length === 0) return
    await account.change(async (view) => {
      mustBeRestoring(view)
      const { ops, staged } = await blobEffects(account, view, changes)
      for (const body of staged) body.attaching()
      return {
        ...{ value: undefined, ops },
        sync: async () => {
          await Promise.all(staged.map((body) => body.sync()))
        },
        settled: (failure) => {
          for (const body of staged) void body.attached(failure)
        },
      }
    })
  }
}

function mustBeRestoring(view: AccountView): void {
  if (view.account()?.state !== 'restoring')
    throw new Refused('no-account', 'the account is not being restored')
}

async function change(account: Account, ops: readonly AccountOp[]): Promise<void> {
  await account.change(async (view) => {
    mustBeRestoring(view)
    return { value: undefined, ops }
  })
}
