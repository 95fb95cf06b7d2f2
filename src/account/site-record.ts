// Which site key a store belongs to: a record that the key vouches for, so that another one is noticed before anything is done with it (FORMAT.md §8.12).
import { openVouched, vouched } from '../crypto/vouched.ts'
import { Corrupt } from '../crypto/errors.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { Store } from '../store/store.ts'
import { decodeEntry, hasMac } from './directory.ts'
import { Damage } from './errors.ts'
import { decodeAlias, decodeDomain, kindOfName } from './names-codec.ts'

/** Its name among the site's records. */
export const siteRecordName = 'site-key'

const version = 1
const nobody = Buffer.alloc(0)

export function encodeSiteRecord(siteKey: SiteKey): Buffer {
  return vouched(siteKey, 'site', nobody, Buffer.of(version))
}

/** Throws Corrupt for that of another key, Damage for one of a later version. */
export function readSiteRecord(siteKey: SiteKey, bytes: Uint8Array): void {
  const body = openVouched(siteKey, 'site', nobody, bytes)
  if (body.length !== 1 || body[0] !== version)
    throw new Damage('the record of the site key is of an unknown version')
}

/** Whether this site wrote what stands under a name; undefined where that cannot be seen. */
function isOurs(siteKey: SiteKey, name: string, bytes: Uint8Array): boolean | undefined {
  const kind = kindOfName(bytes)
  if (kind === 'account' && !hasMac(bytes)) return undefined
  try {
    if (kind === 'alias') decodeAlias(siteKey, name, bytes)
    else if (kind === 'domain') decodeDomain(siteKey, name, bytes)
    else decodeEntry(siteKey, name, bytes)
    return true
  } catch (error) {
    if (error instanceof Damage || error instanceof Corrupt) return false
    throw error
  }
}

/** One name that this site wrote is enough: others may be damaged. False where there are some, and all are somebody else's. */
async function hasOurNames(store: Store, siteKey: SiteKey): Promise<boolean> {
  let isForeign = false
  for (let after: string | undefined; ;) {
    const page = await store.directory.list('', after)
    for (const [name, bytes] of page) {
      const found = isOurs(siteKey, name, bytes)
      if (found === true) return true
      if (found === false) isForeign = true
    }
    after = page.at(-1)?.[0]
    if (after === undefined) return !isForeign
  }
}

/**
 * Whether the store is that of this key. One without the record, a new one or one of an earlier version, gets it, unless everything in its
 * directory was written under another key. Throws Damage for a record that cannot be read, and what the store throws.
 */
export async function isStoreOf(store: Store, siteKey: SiteKey): Promise<boolean> {
  const bytes = await store.site.get(siteRecordName)
  if (bytes) {
    try {
      readSiteRecord(siteKey, bytes)
      return true
    } catch (error) {
      if (error instanceof Corrupt) return false
      throw error
    }
  }
  if (!(await hasOurNames(store, siteKey))) return false
  await store.site.put(siteRecordName, encodeSiteRecord(siteKey))
  return true
}
