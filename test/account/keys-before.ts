// The keys of an account as they were before a rotation, held against what the store has after it.
import { headerEpoch, openHeader } from '../../src/account/recovery-header.ts'
import { openVault } from '../../src/account/slots.ts'
import type { Vault } from '../../src/account/vault.ts'
import { boxEpoch } from '../../src/crypto/box.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import type { Store } from '../../src/store/store.ts'
import { bareSite, type KeyHolder } from './bare-site.ts'
import { password } from './support.ts'

const gate = new KdfGate({ parallel: 1, queue: 8, minimumMemoryKiB: 8 })

/** The keys as somebody has them who copied the key records and the site key before. */
export async function oldKeys(site: KeyHolder, account: Buffer, secret: 'site' | 'password'): Promise<Vault> {
  const parts = bareSite(site)
  const slot =
    secret === 'site'
      ? ({ kind: 'server', siteKey: site.siteKey } as const)
      : ({ kind: 'password', password: password() } as const)
  return (await openVault(parts, account, slot, gate)).vault
}

/** What of an account's records and headers these keys open. */
export async function openedByOldKeys(store: Store, account: Buffer, vault: Vault): Promise<string[]> {
  const opened: string[] = []
  await store.read(account, async (snapshot) => {
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) }))
      for (const [key, value] of page) {
        const name = Buffer.from(key.subarray(0, 2)).toString('latin1')
        if (['ks', 'kk', 'kc', 'kj'].includes(name) || 'hd'.includes(name[0] ?? '')) continue
        // The epoch is authenticated with the box and part of what its key comes from: another root does not open it.
        if (boxEpoch(value) <= vault.epoch) opened.push(name)
      }
  })
  for await (const { blobId, recoveryHeader } of store.blobs.scan(account)) {
    if (headerEpoch(recoveryHeader) <= vault.epoch) opened.push('header of an older epoch')
    if (openHeader(vault, blobId, recoveryHeader)) opened.push('header')
  }
  return opened
}
