// An account copied out of a store and put back later, behind the back of whoever uses it: what an old disk image does.
import { hex } from '../../src/base/bytes.ts'
import type { Entry, Store } from '../../src/store/store.ts'

export interface AccountCopy {
  readonly id: Buffer
  readonly version: number
  readonly usageBytes: number
  readonly entries: readonly Entry[]
  readonly blobs: readonly {
    readonly blobId: Buffer
    readonly count: number
    readonly header: Buffer
    readonly body: Buffer
  }[]
}

export async function copyOf(store: Store, accountId: string): Promise<AccountCopy> {
  const id = Buffer.from(accountId, 'hex')
  return store.read(id, async (view) => {
    const entries: Entry[] = []
    for await (const page of view.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) }))
      for (const [key, value] of page) entries.push([Buffer.from(key), Buffer.from(value)])
    const blobs: AccountCopy['blobs'][number][] = []
    for await (const page of view.blobs()) {
      for (const { blobId, count } of page) {
        await using reader = await store.blobs.open(id, blobId)
        const [header, body] = [await reader.recoveryHeader(), await reader.read(0, reader.lengthBytes)]
        blobs.push({ blobId: Buffer.from(blobId), count, header, body })
      }
    }
    return { id, version: view.version, usageBytes: view.usageBytes, entries, blobs }
  })
}

/** `change` may leave out or alter what is put back: undefined leaves it out. */
export async function putBack(
  store: Store,
  copy: AccountCopy,
  change: (key: string, value: Uint8Array) => Uint8Array | undefined = (_, value) => value,
  keepsBlob: (blob: string) => boolean = () => true,
): Promise<void> {
  const restoration = await store.restore(copy.id)
  for (const [key, value] of copy.entries) {
    const changed = change(Buffer.from(key).toString('latin1'), value)
    if (changed) await restoration.put([[key, changed]])
  }
  for (const { blobId, count, header, body } of copy.blobs)
    if (keepsBlob(hex(blobId))) await restoration.addBlob(blobId, header, count, body)
  await restoration.finish({ version: copy.version, usageBytes: copy.usageBytes })
}
