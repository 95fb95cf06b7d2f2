// The state of an account whose records contradict each other, from all of them that still authenticate; and a new chain over it.
import { breathe } from '../base/async.ts'
import { ByteWriter } from '../base/bytes.ts'
import { boxEpoch, boxKinds, openBox } from '../crypto/box.ts'
import { makeCard } from '../crypto/card.ts'
import { emptyHead } from '../crypto/chain.ts'
import { sha256 } from '../crypto/digest.ts'
import { kemPublicKey } from '../crypto/kem.ts'
import { listPlace, logPlace, manifestPlace, statePlace } from '../crypto/places.ts'
import type { AccountView } from '../store/store.ts'
import { AccountState } from './account-state.ts'
import { checkpoint } from './checkpoint.ts'
import { Damage, Refusal } from './errors.ts'
import { noFlags } from './flags.ts'
import {
  cardKey,
  headKey,
  listRange,
  logRange,
  mailboxRange,
  manifestKey,
  slotsKey,
  uidOfKey,
  versionOfKey,
} from './keys.ts'
import { decodeListPage, decodeManifest } from './list-codec.ts'
import { decodeLogEntry } from './log-codec.ts'
import { MailboxTable } from './mailbox-table.ts'
import { creations } from './mailboxes.ts'
import { MessageColumns, type RowFields } from './message-columns.ts'
import { decodeMessage } from './message-codec.ts'
import { openMessagePage, openMessageRecord } from './message-seal.ts'
import { isDamage } from './refusing.ts'
import type { RepairReport } from './repair.ts'
import { adoptLeniently } from './repair-arrivals.ts'
import { decodeStatePage, FlagReader } from './state-codec.ts'
import { raiseUidValidities } from './uid-validity.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

/** Runs `task`; undefined when what it opens does not authenticate or does not parse. */
function attempt<T>(task: () => T): T | undefined {
  try {
    return task()
  } catch (error) {
    if (isDamage(error) || (error instanceof Error && error.name === 'MalformedRecord')) return undefined
    throw error
  }
}

class Rebuilding {
  readonly #vault: Vault
  readonly #view: AccountView
  readonly #report: RepairReport
  readonly state = new AccountState()
  /** Rows by mailbox, by UID. */
  readonly #rows = new Map<string, Map<number, RowFields>>()
  #since = 0

  constructor(vault: Vault, view: AccountView, report: RepairReport) {
    this.#vault = vault
    this.#view = view
    this.#report = report
  }

  async run(): Promise<AccountState> {
    await this.#manifest()
    await this.#list()
    for (const table of this.state.mailboxes.values()) await this.#statePages(table)
    await this.#log()
    for (const table of [...this.state.mailboxes.values()]) await this.#messages(table)
    return this.state
  }

  async #manifest(): Promise<void> {
    const sealed = await this.#view.get(manifestKey)
    const manifest =
      sealed &&
      attempt(() => {
        const key = this.#vault.root(boxEpoch(sealed)).manifestKey
        return decodeManifest(openBox(key, boxKinds.manifest, manifestPlace(this.#vault.account), sealed))
      })
    if (!manifest) this.#report.lost.push('the manifest')
    this.state.lastUidValidity = manifest?.lastUidValidity ?? 0
    this.#since = manifest?.version ?? 0
  }

  async #list(): Promise<void> {
    for await (const entries of this.#view.range(listRange)) {
      for (const [key, sealed] of entries) {
        const page = Buffer.from(key).readUInt16BE(1)
        const items = attempt(() => {
          const listKey = this.#vault.root(boxEpoch(sealed)).listKey
          return decodeListPage(openBox(listKey, boxKinds.list, listPlace(this.#vault.account, page), sealed))
        })
        if (!items) this.#report.lost.push(`page ${page} of the list of mailboxes`)
        for (const item of items ?? []) {
          if (item.kind === 'subscription') this.state.subscriptions.add(item.name)
          else if (item.kind === 'annotation')
            attempt(() => this.state.annotate(item.mailbox, item.entry, item.value))
          else if (item.kind === 'fact') this.state.facts.set(item.fact, item.value)
          else if (!this.state.byName(item.entry.name)) {
            const { uidValidity, shownUidValidity } = item.entry
            // The manifest may be lost; and a restore gives numbers that the clock has not come to yet.
            this.state.lastUidValidity = Math.max(this.state.lastUidValidity, uidValidity, shownUidValidity)
            this.state.addMailbox(new MailboxTable({ ...item.entry, ...emptied }, true))
            this.#rows.set(item.entry.id, new Map())
          }
        }
      }
    }
  }

  async #statePages(table: MailboxTable): Promise<void> {
    const { account } = this.#vault
    const rows = this.#rows.get(table.id)
    for await (const entries of this.#view.range(mailboxRange('x', table.idBytes))) {
      for (const [key, sealed] of entries) {
        const place = statePlace(account, table.idBytes, table.uidValidity, uidOfKey(key))
        const read = attempt(() => {
          const columns = new MessageColumns()
          const data = openBox(
            this.#vault.root(boxEpoch(sealed)).mailboxKey(table.idBytes),
            boxKinds.statePage,
            place,
            sealed,
          )
          decodeStatePage(data, new FlagReader(table.keywords), columns)
          for (let index = 0; index < columns.length; index += 1)
            rows?.set(columns.uids[index] ?? 0, columns.row(index))
          return true
        })
        if (!read) this.#report.lost.push(`${table.name}: flags and dates of some messages`)
      }
      await breathe()
    }
  }

  /** Changes in the order of their versions; what does not open or does not fit any more is left out, and counted. */
  async #log(): Promise<void> {
    let lost = 0
    for await (const entries of this.#view.range(logRange(this.#since + 1, Number.MAX_SAFE_INTEGER))) {
      for (const [key, sealed] of entries) {
        const version = versionOfKey(key)
        const entry = attempt(() => {
          const logKey = this.#vault.root(boxEpoch(sealed)).logKey
          return decodeLogEntry(
            openBox(logKey, boxKinds.logEntry, logPlace(this.#vault.account, version), sealed),
          )
        })
        if (!entry) lost += 1
        for (const change of entry?.changes ?? []) this.#apply(change, version)
      }
    }
    if (lost > 0)
      this.#report.lost.push(
        `${lost} entries of the log: flags, names or mailboxes may be as they were before`,
      )
  }

  #apply(change: ReturnType<typeof decodeLogEntry>['changes'][number], version: number): void {
    const rows = 'mailbox' in change ? this.#rows.get(change.mailbox) : undefined
    if (change.kind === 'append') {
      const { uid, flags: flagSet, internalDate, zoneMinutes, sizeBytes, savedAt } = change
      rows?.set(uid, { uid, modSeq: version, flagSet, internalDate, zoneMinutes, sizeBytes, savedAt })
    } else if (change.kind === 'flags' || change.kind === 'expunge') {
      for (const [first, last] of change.ranges)
        for (const [uid, row] of rows ?? []) {
          if (uid < first || uid > last) continue
          if (change.kind === 'expunge') rows?.delete(uid)
          else rows?.set(uid, { ...row, flagSet: change.flags, modSeq: version })
        }
    } else if (change.kind !== 'adopted' && change.kind !== 'keys') {
      attempt(() => this.state.apply(change, version))
      if (change.kind === 'created') this.#rows.set(change.mailbox, new Map())
    }
  }

  /** Messages whose records open; their rows are as good as can be known. */
  async #messages(table: MailboxTable): Promise<void> {
    const rows = this.#rows.get(table.id) ?? new Map<number, RowFields>()
    const sizes = new Map<number, number>()
    let packedUntil = 1
    const take = (uid: number, encoded: Buffer): void => {
      sizes.set(uid, decodeMessage(encoded).sizeBytes)
      encoded.fill(0)
    }
    for await (const entries of this.#view.range(mailboxRange('p', table.idBytes)))
      for (const [key, sealed] of entries) {
        packedUntil = Math.max(packedUntil, uidOfKey(key) + 1)
        for (const [uid, encoded] of attempt(() =>
          openMessagePage(this.#vault, table, uidOfKey(key), sealed),
        ) ?? []) {
          take(uid, encoded)
          packedUntil = Math.max(packedUntil, uid + 1)
        }
      }
    packedUntil = Math.max(packedUntil, table.packedUntil)
    for await (const entries of this.#view.range(mailboxRange('m', table.idBytes)))
      for (const [key, sealed] of entries) {
        const uid = uidOfKey(key)
        const encoded =
          uid < packedUntil ? undefined : attempt(() => openMessageRecord(this.#vault, table, uid, sealed))
        if (encoded) take(uid, encoded)
      }
    const bare = { flagSet: noFlags, internalDate: Date.now(), zoneMinutes: 0, modSeq: 1 }
    // What has neither a record nor a row is nobody's; what has only a row is told by the repair that follows.
    for (const [uid, sizeBytes] of sizes) {
      const row = rows.get(uid)
      if (!row) rows.set(uid, { ...bare, uid, sizeBytes, savedAt: bare.internalDate })
      else if (row.sizeBytes !== sizeBytes) rows.set(uid, { ...row, sizeBytes })
    }
    const { uidNext } = table
    for (const uid of [...rows.keys()].sort((a, b) => a - b)) {
      const row = rows.get(uid)
      if (row) table.add(row)
    }
    table.uidNext = Math.max(table.uidNext, uidNext)
    table.packedUntil = packedUntil
    table.recentFrom = table.uidNext
  }
}

/** A mailbox's entry without its messages, which are counted anew. */
const emptied = { messages: 0, unseen: 0, deleted: 0, sizeBytes: 0, pages: [], expungedDigest: undefined }

/**
 * Gives an account that does not open a new chain, over all of its records that authenticate; what did not is named in the report. Its mailboxes get new
 * UIDVALIDITYs. Refuses with 'damaged' when too much mail waits to be named. A crash leaves everything that this reads: it can be done again.
 */
export async function rebuildState(account: UnlockedAccount, report: RepairReport): Promise<void> {
  const { site, id, vault } = account
  const { state, slots } = await site.store.read(id, async (view) => {
    const bytes = await view.get(slotsKey)
    if (!bytes) throw new Damage('the key slots are missing')
    return { slots: bytes, state: await new Rebuilding(vault, view, report).run() }
  })
  state.vkVersion = vault.vkVersion
  state.keysetVersion = vault.keyset.version
  state.slotsDigest = sha256(slots)
  const current = vault.keyset.epochs.at(-1)
  const { version } = await site.store.transact(id, async (tx) => {
    // The chain begins anew: what came before is vouched for by nothing but its own seals.
    const head = new ByteWriter()
      .u64(tx.version + 1)
      .fixed(emptyHead)
      .finish()
    tx.put(headKey, head)
    if (current)
      tx.put(
        cardKey,
        makeCard(site.siteKey, id, current.epoch, vault.keyset.version, kemPublicKey(current.kemSeed)),
      )
  })
  account.adoptState(state, version)
  report.repaired.push('a new chain over what authenticates')
  if (!state.byName('INBOX'))
    await account.commit(() => ({
      changes: creations(account, [{ name: 'INBOX', specialUse: '' }]),
      value: undefined,
    }))
  await adoptLeniently(account, false)
  for (const table of state.mailboxes.values()) table.dirtyPages.add(table.pageOf(1).firstUid)
  if (!(await checkpoint(account)))
    throw new Refusal('damaged', 'Too much mail waits to be named by a new chain')
  await raiseUidValidities(account, [...state.mailboxes.values()])
  report.repaired.push(`${state.mailboxes.size} mailboxes have new UIDVALIDITYs`)
}
