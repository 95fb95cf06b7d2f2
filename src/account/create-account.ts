// A new account: keys, slots, first manifest and the mailboxes that every client expects, in one commit.
import { ByteWriter } from '../base/bytes.ts'
import { Secret } from '../base/secret.ts'
import { boxKinds, sealBox } from '../crypto/box.ts'
import { emptyHead, nextHead } from '../crypto/chain.ts'
import { makeKeyset } from '../crypto/keyset.ts'
import { logPlace, manifestPlace } from '../crypto/places.ts'
import { makeId, randomBytes } from '../crypto/random.ts'
import { slotListDigest } from '../crypto/slot-list.ts'
import { makeSlot } from '../crypto/slot.ts'
import { headKey, logKey, manifestKey } from './keys.ts'
import { encodeManifest } from './list-codec.ts'
import { encodeLogEntry, type Change } from './log-codec.ts'
import { keyRecords, type KeySettings } from './slots.ts'
import { refusing } from './refusing.ts'
import { withScram } from './scram-slots.ts'
import type { Site } from './unlocked-account.ts'
import { Vault } from './vault.ts'

/** Made with every account, subscribed: without them clients make their own, in their own language (RFC 6154). */
const firstMailboxes = [
  { name: 'INBOX', specialUse: '' },
  { name: 'Drafts', specialUse: '\\Drafts' },
  { name: 'Sent', specialUse: '\\Sent' },
  { name: 'Junk', specialUse: '\\Junk' },
  { name: 'Trash', specialUse: '\\Trash' },
  { name: 'Archive', specialUse: '\\Archive' },
] as const

function firstChanges(nowSeconds: number): Change[] {
  return firstMailboxes.flatMap(({ name, specialUse }, index): Change[] => [
    {
      kind: 'created',
      mailbox: makeId().toString('hex'),
      name,
      specialUse,
      uidValidity: (nowSeconds + index) >>> 0,
    },
    { kind: 'subscribed', name },
  ])
}

/** Makes the account's store and records; the directory is the caller's. Every key is wiped again. */
export async function createRecords(
  site: Site,
  settings: KeySettings,
  address: string,
  password: Buffer,
  quotaBytes: number | undefined,
): Promise<Buffer> {
  const account = makeId()
  using volumeKey = new Secret(randomBytes(32))
  const keyset = makeKeyset()
  const vkVersion = 1
  const secrets = await withScram({ address, account, siteKey: site.siteKey, scram: settings.scram }, [
    { kind: 'password', password },
    { kind: 'server', siteKey: site.siteKey },
  ])
  const slots = []
  for (const secret of secrets) {
    const kdf = secret.kind === 'password' ? { kdf: settings.kdf } : {}
    const fields = {
      account,
      secret,
      ...kdf,
      volumeKey: volumeKey.bytes,
      vkVersion,
      createdAt: site.clock.now(),
    }
    slots.push(await makeSlot(fields, settings.gate))
  }
  const keys = keyRecords(site, account, volumeKey, vkVersion, keyset, slots)
  const vault = new Vault(account, volumeKey.clone(), vkVersion, keyset)
  try {
    const now = Math.floor(site.clock.now() / 1000)
    const manifest = encodeManifest({
      version: 0,
      head: Buffer.from(emptyHead),
      keysetVersion: keyset.version,
      slotsDigest: slotListDigest(keys.slotsBytes),
      lastUidValidity: now,
      pageDigests: [],
      waiting: [],
    })
    const root = vault.root()
    const entry = sealBox(
      root.logKey,
      boxKinds.logEntry,
      vault.epoch,
      logPlace(account, 1),
      encodeLogEntry(emptyHead, firstChanges(now + 1)),
    )
    await refusing(async () => {
      await site.store.create(account)
      await site.store.transact(account, async (tx) => {
        keys.write(tx)
        tx.put(
          manifestKey,
          sealBox(root.manifestKey, boxKinds.manifest, vault.epoch, manifestPlace(account), manifest),
        )
        tx.put(logKey(1), entry)
        tx.put(
          headKey,
          new ByteWriter()
            .u64(1)
            .fixed(nextHead(account, 1, emptyHead, entry))
            .finish(),
        )
        if (quotaBytes !== undefined) tx.setQuota(quotaBytes)
      })
    })
  } catch (error) {
    // Nobody knows of it yet: what was made of it goes.
    await site.store.destroy(account).catch(() => undefined)
    throw error
  } finally {
    vault.wipe()
  }
  return account
}
