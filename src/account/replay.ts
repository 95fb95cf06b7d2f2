// Opens an account's records: manifest, mailbox list, then the chain of changes since; refuses whatever does not fit (FORMAT.md §9.1).
import { breathe } from '../base/async.ts'
import { ByteReader, equalBytes, MalformedRecord } from '../base/bytes.ts'
import { boxEpoch, boxKinds, openBox } from '../crypto/box.ts'
import { readArrival } from '../crypto/arrival.ts'
import { nextHeadFromDigest } from '../crypto/chain.ts'
import { sha256 } from '../crypto/digest.ts'
import { listPlace, logPlace, manifestPlace, statePlace } from '../crypto/places.ts'
import type { Snapshot } from '../store/store.ts'
import { Damage } from './errors.ts'
import { AccountState } from './account-state.ts'
import { arrivalRange, headKey, listRange, logRange, manifestKey, stateKey, versionOfKey } from './keys.ts'
import { decodeListPage, decodeManifest, type Manifest } from './list-codec.ts'
import { decodeLogEntry, type Change } from './log-codec.ts'
import { MailboxTable } from './mailbox-table.ts'
import { MessageColumns } from './message-columns.ts'
import { decodeStatePage, FlagReader } from './state-codec.ts'
import type { Vault } from './vault.ts'

/** Turns a record that does not parse into damage: what was authenticated should parse. */
export function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Damage(`${what}: ${error.message}`, { cause: error })
    throw error
  }
}

export function readHead(bytes: Uint8Array | undefined): { version: number; head: Buffer } {
  if (!bytes) throw new Damage('the chain head is missing')
  return decoded('chain head', () => {
    const from = new ByteReader(bytes)
    const head = { version: from.u64(), head: Buffer.from(from.fixed(32)) }
    from.end()
    return head
  })
}

async function readManifest(snapshot: Snapshot, vault: Vault): Promise<Manifest> {
  const sealed = await snapshot.get(manifestKey)
  if (!sealed) throw new Damage('the manifest is missing')
  const key = vault.root(boxEpoch(sealed)).manifestKey
  return decoded('manifest', () =>
    decodeManifest(openBox(key, boxKinds.manifest, manifestPlace(vault.account), sealed)),
  )
}

async function readList(
  snapshot: Snapshot,
  vault: Vault,
  manifest: Manifest,
  state: AccountState,
): Promise<void> {
  let page = 0
  for await (const entries of snapshot.range(listRange)) {
    for (const [, sealed] of entries) {
      const expected = manifest.pageDigests[page]
      if (!expected || !equalBytes(expected, sha256(sealed)))
        throw new Damage('a mailbox list page was altered or replaced')
      const data = openBox(
        vault.root(boxEpoch(sealed)).listKey,
        boxKinds.list,
        listPlace(vault.account, page),
        sealed,
      )
      for (const item of decoded('mailbox list', () => decodeListPage(data))) {
        if (item.kind === 'subscription') state.subscriptions.add(item.name)
        else if (item.kind === 'annotation') state.annotate(item.mailbox, item.entry, item.value)
        else if (item.kind === 'fact') state.facts.set(item.fact, item.value)
        else state.addMailbox(new MailboxTable(item.entry, false))
      }
      page += 1
    }
  }
  if (page !== manifest.pageDigests.length) throw new Damage('a mailbox list page is missing')
}

/** A page takes about a millisecond. */
const pagesBetweenBreaths = 4
const entriesBetweenBreaths = 128
const recordsBetweenBreaths = 64

/** Reads a mailbox's state pages, if that was not done yet. They show the state at the manifest. */
export async function loadRows(snapshot: Snapshot, vault: Vault, table: MailboxTable): Promise<void> {
  if (table.isLoaded) return
  const rows = new MessageColumns()
  rows.reserve(table.pages.reduce((sum, page) => sum + page.count, 0))
  const flags = new FlagReader(table.keywords)
  const sealedPages = await snapshot.getMany(
    table.pages.map((page) => stateKey(table.idBytes, page.firstUid)),
  )
  for (const [index, page] of table.pages.entries()) {
    const sealed = sealedPages[index]
    if (!sealed || !equalBytes(page.digest, sha256(sealed)))
      throw new Damage('a state page is missing, altered or replaced')
    const place = statePlace(vault.account, table.idBytes, table.uidValidity, page.firstUid)
    const key = vault.root(boxEpoch(sealed)).mailboxKey(table.idBytes)
    const data = openBox(key, boxKinds.statePage, place, sealed)
    decoded('state page', () => decodeStatePage(data, flags, rows))
    if (index % pagesBetweenBreaths === pagesBetweenBreaths - 1) await breathe()
  }
  table.fill(rows)
}

interface LogEntry {
  readonly digest: Buffer
  readonly previousHead: Buffer
  readonly changes: readonly Change[]
}

async function readLog(snapshot: Snapshot, vault: Vault, after: number): Promise<Map<number, LogEntry>> {
  const entries = new Map<number, LogEntry>()
  for await (const page of snapshot.range(logRange(after + 1, Number.MAX_SAFE_INTEGER))) {
    for (const [key, sealed] of page) {
      const version = versionOfKey(key)
      const data = openBox(
        vault.root(boxEpoch(sealed)).logKey,
        boxKinds.logEntry,
        logPlace(vault.account, version),
        sealed,
      )
      entries.set(version, { digest: sha256(sealed), ...decoded('log entry', () => decodeLogEntry(data)) })
      if (entries.size % recordsBetweenBreaths === 0) await breathe()
    }
  }
  return entries
}

/** Mailboxes that are gone at the end: their state pages went with them, so nobody can replay their messages, or need to. */
function deletedMailboxes(log: ReadonlyMap<number, LogEntry>): Set<string> {
  const deleted = new Set<string>()
  for (const { changes } of log.values()) {
    for (const change of changes) if (change.kind === 'deleted') deleted.add(change.mailbox)
  }
  return deleted
}

const isAboutMessages = ({ kind }: Change): boolean =>
  kind === 'append' || kind === 'flags' || kind === 'expunge'

/** Mail that comes is put behind the rows without a look at them. */
const needsRows = (change: Change): boolean => isAboutMessages(change) && change.kind !== 'append'

/** Digests of arrivals by version: those still there, and those that a later entry says it adopted. */
async function readArrivals(
  snapshot: Snapshot,
  vault: Vault,
  log: ReadonlyMap<number, LogEntry>,
  manifest: Manifest,
): Promise<Map<number, { digest: Buffer; previousHead: Buffer | undefined }>> {
  const waiting = new Map(manifest.waiting)
  const arrivals = new Map<number, { digest: Buffer; previousHead: Buffer | undefined }>()
  for (const entry of log.values()) {
    for (const change of entry.changes) {
      if (change.kind !== 'adopted') continue
      for (const [version, digest] of change.arrivals)
        arrivals.set(version, { digest, previousHead: undefined })
    }
  }
  for await (const page of snapshot.range(arrivalRange)) {
    for (const [key, value] of page) {
      const version = versionOfKey(key)
      const digest = sha256(value)
      const vouched = waiting.get(version)
      waiting.delete(version)
      // An older one that the manifest does not name, or one that a later entry adopted, was put back.
      if (arrivals.has(version) || (version <= manifest.version && !vouched)) {
        throw new Damage('an arrival that was adopted is there again')
      }
      if (vouched && !equalBytes(vouched, digest)) throw new Damage('an arrival was altered')
      const { previousHead } = readArrival(undefined, vault.account, value)
      arrivals.set(version, { digest, previousHead: Buffer.from(previousHead) })
      if (arrivals.size % recordsBetweenBreaths === 0) await breathe()
    }
  }
  for (const version of waiting.keys()) if (!arrivals.has(version)) throw new Damage('an arrival is missing')
  return arrivals
}

/**
 * Reads and verifies everything but message records and bodies. Throws Corrupt, in words, for a missing, altered,
 * replayed or reordered record.
 */
export async function replay(
  snapshot: Snapshot,
  vault: Vault,
  onHead: (version: number, head: Buffer) => void = () => undefined,
): Promise<AccountState> {
  const state = new AccountState()
  const manifest = await readManifest(snapshot, vault)
  state.lastUidValidity = manifest.lastUidValidity
  state.adoptedThrough = (manifest.waiting[0]?.[0] ?? manifest.version + 1) - 1
  state.vkVersion = vault.vkVersion
  state.keysetVersion = manifest.keysetVersion
  state.slotsDigest = Buffer.from(manifest.slotsDigest)
  await readList(snapshot, vault, manifest, state)
  const stored = readHead(await snapshot.get(headKey))
  if (stored.version !== snapshot.version)
    throw new Damage('the change log does not reach the version of the account')
  const log = await readLog(snapshot, vault, manifest.version)
  const arrivals = await readArrivals(snapshot, vault, log, manifest)
  const deleted = deletedMailboxes(log)
  let head: Buffer = manifest.head
  onHead(manifest.version, head)
  for (let version = manifest.version + 1; version <= stored.version; version += 1) {
    const entry = log.get(version) ?? arrivals.get(version)
    if (!entry) throw new Damage(`entry ${version} of the change log is missing`)
    if (entry.previousHead && !equalBytes(entry.previousHead, head)) {
      throw new Damage(`entry ${version} of the change log does not continue the one before`)
    }
    head = nextHeadFromDigest(vault.account, version, head, entry.digest)
    onHead(version, head)
    if (version % entriesBetweenBreaths === 0) await breathe()
    if (!('changes' in entry)) continue
    for (const change of entry.changes) {
      const table = 'mailbox' in change ? state.mailboxes.get(change.mailbox) : undefined
      if (table && deleted.has(table.id)) {
        if (isAboutMessages(change)) continue
      } else if (table && needsRows(change)) await loadRows(snapshot, vault, table)
      state.apply(change, version)
    }
  }
  if (!equalBytes(head, stored.head)) throw new Damage('the change log was altered')
  return state
}
