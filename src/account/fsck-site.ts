// Looks over the whole site without any owner's key: whether each account has its entry and each entry its account, and everything is sealed.
import { breathe } from '../base/async.ts'
import { equalBytes, hex } from '../base/bytes.ts'
import { openCard } from '../crypto/card.ts'
import { decodeSlotList } from '../crypto/slot-list.ts'
import { Damaged, Refused, Unavailable } from '../store/errors.ts'
import type { AccountView, HeldBlob } from '../store/store.ts'
import type { SiteFinding } from './api-lifecycle.ts'
import { decodeEntry, type DirectoryEntry } from './directory.ts'
import { cardKey, headKey, sealingKey, slotsKey } from './keys.ts'
import { decodeAlias, decodeDomain, kindOfName } from './names-codec.ts'
import { decodeSealing } from './pubkey-codec.ts'
import { follow } from './recipients.ts'
import { isDamage } from './refusing.ts'
import { readHead } from './replay.ts'
import { formFault } from './sealed-form.ts'
import { isExpected } from './sealing-expected.ts'
import type { Site } from './unlocked-account.ts'

/** Findings of one account told one by one. */
const perAccount = 100

function fails(task: () => unknown): boolean {
  try {
    task()
    return false
  } catch (error) {
    if (isDamage(error)) return true
    throw error
  }
}

/** Whether the record of own keys is another than the entry names; not while somebody changes it. */
async function isOther(site: Site, entry: DirectoryEntry, own: Uint8Array | undefined): Promise<boolean> {
  if (isExpected(entry, own)) return false
  const present = await site.store.directory.get(entry.address)
  return present !== undefined && equalBytes(present, entry.bytes)
}

async function* ofAccount(
  site: Site,
  entry: DirectoryEntry | undefined,
  id: Buffer,
  view: AccountView,
): AsyncGenerator<string> {
  const { siteKey } = site
  const [slots, card, head, own] = await view.getMany([slotsKey, cardKey, headKey, sealingKey])
  if (!slots || fails(() => decodeSlotList(slots)))
    yield 'its key slots are missing or damaged: nobody can open it'
  if (!card || fails(() => openCard(siteKey, id, card)))
    yield 'its delivery key is missing or not of this site: mail for it is deferred'
  if ((own && fails(() => decodeSealing(siteKey, id, own))) || (entry && (await isOther(site, entry, own))))
    yield 'the keys of its owner are missing, others, or not of this site: mail for it is deferred'
  if (!head || fails(() => readHead(head)) || readHead(head).version !== view.version)
    yield 'its chain does not reach its version: it does not open'
  for await (const entries of view.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
    for (const [key, value] of entries) {
      const fault = formFault(key, value)
      if (fault !== undefined) yield fault
    }
    await breathe()
  }
}

/** Whether its file has it, and what stands before it. */
async function faultOfBody(
  { blobs }: Site['store'],
  id: Uint8Array,
  { blobId, lengthBytes }: HeldBlob,
): Promise<string | undefined> {
  try {
    await using reader = await blobs.open(id, blobId)
    if (lengthBytes > 0) await reader.read(lengthBytes - 1, lengthBytes)
    if ((await blobs.header(id, blobId)) === undefined)
      return `what stands before body ${hex(blobId)} is damaged: letterlock fsck ADDR --repair says whether it is lost`
  } catch (error) {
    if (error instanceof Damaged) return error.message
    // Somebody expunged it since.
    if (!(error instanceof Refused && error.reason === 'no-blob')) throw error
  }
  return undefined
}

async function* ofAlias(site: Site, alias: string, targets: readonly string[]): AsyncGenerator<SiteFinding> {
  const stop = { kind: 'alias', alias, targets, detail: '' } as const
  const { lost, accounts } = await follow(site, stop, '+')
  const found = lost.length > 0 ? [`the alias leads to ${lost.join(', ')}, which is not there`] : []
  if (accounts.length === 0) found.push('the alias leads to no account: mail for it is refused')
  for (const text of found) yield { address: alias, account: undefined, text }
}

/** Bodies whose files do not have them, and values that are not sealed. */
export async function* fsckSite(site: Site): AsyncGenerator<SiteFinding> {
  const { store, siteKey } = site
  const known = new Map<string, DirectoryEntry>()
  for (let after: string | undefined; ;) {
    const page = await store.directory.list('', after, 500)
    for (const [name, bytes] of page) {
      try {
        const kind = kindOfName(bytes)
        if (kind === 'domain') decodeDomain(siteKey, name, bytes)
        if (kind === 'alias') yield* ofAlias(site, name, decodeAlias(siteKey, name, bytes))
        if (kind !== 'account') continue
        const entry = decodeEntry(siteKey, name, bytes)
        known.set(hex(entry.account), entry)
      } catch (error) {
        if (!isDamage(error)) throw error
        yield {
          address: name,
          account: undefined,
          text: 'its directory entry is damaged, or this site did not write it',
        }
      }
    }
    after = page.at(-1)?.[0]
    if (after === undefined) break
  }
  const seen = new Set<string>()
  for await (const id of store.accounts()) {
    const account = hex(id)
    seen.add(account)
    const entry = known.get(account)
    const address = entry?.address
    if (address === undefined) yield { address, account, text: 'no address stands for this account' }
    const found: string[] = []
    try {
      await store.read(id, async (view) => {
        for await (const text of ofAccount(site, entry, Buffer.from(id), view))
          if (found.push(text) >= perAccount) return
        for await (const page of view.blobs())
          for (const blob of page) {
            const text = await faultOfBody(store, id, blob)
            if (text !== undefined && found.push(text) >= perAccount) return
          }
      })
    } catch (error) {
      if (!(error instanceof Damaged) && !(error instanceof Unavailable && error.reason === 'restoring'))
        throw error
      found.push(error.message)
    }
    for (const text of found) yield { address, account, text }
  }
  for (const [account, { address }] of known)
    if (!seen.has(account)) yield { address, account, text: 'there is no account behind this address' }
}
