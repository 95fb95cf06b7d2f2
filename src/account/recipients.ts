// Who takes mail for an address: an account of that name or of what stands before the `+`, or every account that an alias leads to.
import { otherSpelling } from '../base/domain.ts'
import { aliasReach, mailboxNameBytes } from '../base/limits.ts'
import type { DeliveryTarget } from './api.ts'
import { canonicalAddress, decodeEntry, type DirectoryEntry, type EntrySource } from './directory.ts'
import { Refusal } from './errors.ts'
import { decodeAlias, kindOfName } from './names-codec.ts'

/** What an address leads to in one step. */
export type Stop =
  | { readonly kind: 'account'; readonly entry: DirectoryEntry; readonly detail: string }
  | {
      readonly kind: 'alias'
      readonly alias: string
      readonly targets: readonly string[]
      readonly detail: string
    }

/** What stands under one name. Throws Damage and Corrupt. */
async function stopAt(
  { store, siteKey }: EntrySource,
  name: string,
  detail: string,
): Promise<Stop | undefined> {
  if (name === '' || Buffer.byteLength(name) > 254) return undefined
  const bytes = await store.directory.get(name)
  if (!bytes) return undefined
  switch (kindOfName(bytes)) {
    case 'account': {
      const entry = decodeEntry(siteKey, name, bytes)
      return entry.isDeleting ? undefined : { kind: 'account', entry, detail }
    }
    case 'alias':
      return { kind: 'alias', alias: name, targets: decodeAlias(siteKey, name, bytes), detail }
    case 'domain':
      return undefined
  }
}

/** Where an address may be split into a name and its detail, the whole name first; each with its detail as it was written. */
export function splits(
  address: string,
  delimiters: string,
): { readonly name: string; readonly detail: string }[] {
  const name = canonicalAddress(address)
  const given = address.trim().normalize('NFC')
  const at = name.lastIndexOf('@')
  const local = name.slice(0, Math.max(at, 0))
  const found = [{ name, detail: '' }]
  for (const delimiter of delimiters) {
    const split = local.indexOf(delimiter)
    if (split < 1) continue
    // The detail names a mailbox, so it keeps its case.
    const detail = given.slice(split + 1, given.lastIndexOf('@'))
    found.push({ name: local.slice(0, split) + name.slice(at), detail })
  }
  return found
}

/**
 * What an address stands for, which may be spelled in several ways: the whole name, then the name without its detail, then the alias
 * that takes whatever else comes for the domain.
 */
export async function findStop(
  site: EntrySource,
  spellings: readonly string[],
  delimiters: string,
): Promise<Stop | undefined> {
  const ways = spellings.map((spelling) => splits(spelling, delimiters))
  const whole = ways.flatMap((way) => way.slice(0, 1))
  const shorter = ways.flatMap((way) => way.slice(1))
  const others = whole.map(({ name }) => ({
    name: name.slice(Math.max(0, name.lastIndexOf('@'))),
    detail: '',
  }))
  for (const { name, detail } of [...whole, ...shorter, ...others]) {
    const stop = await stopAt(site, name, detail)
    if (stop) return stop
  }
  return undefined
}

/** What an address, or an alias, leads to in the end. */
export interface Reach {
  /** Each once for each detail, in the order in which aliases name them. */
  readonly accounts: readonly { readonly entry: DirectoryEntry; readonly detail: string }[]
  /** Aliases on the way. */
  readonly aliases: ReadonlySet<string>
  /** Targets behind which there is nothing. */
  readonly lost: readonly string[]
}

/** Follows aliases, each of them once. Refuses with 'limit' what reaches more accounts than one message may. */
export async function follow(site: EntrySource, first: Stop, delimiters: string): Promise<Reach> {
  const accounts = new Map<string, { entry: DirectoryEntry; detail: string }>()
  const aliases = new Set<string>()
  const lost: string[] = []
  const waiting: Stop[] = [first]
  for (let stop = waiting.shift(); stop; stop = waiting.shift()) {
    if (stop.kind === 'account') {
      accounts.set(`${stop.entry.address}\n${stop.detail}`, stop)
      if (accounts.size > aliasReach) throw new Refusal('limit', 'The alias leads to too many accounts')
      continue
    }
    if (aliases.has(stop.alias)) continue
    aliases.add(stop.alias)
    for (const target of stop.targets) {
      const next = await findStop(site, [target], delimiters)
      // What is asked of the alias goes along, unless the target asks for something itself.
      if (next) waiting.push(next.detail === '' ? { ...next, detail: stop.detail } : next)
      else lost.push(target)
    }
  }
  return { accounts: [...accounts.values()], aliases, lost }
}

/**
 * Everybody who takes mail for an address. Disabled accounts are passed over where an alias leads to others as well, as are targets that are
 * gone. Refuses with 'no-such-account', 'account-disabled', 'limit'. Any of `delimiters` may stand before the detail.
 */
export async function recipients(
  site: EntrySource,
  spellings: readonly string[],
  delimiters: string,
): Promise<readonly DeliveryTarget[]> {
  const stop = await findStop(site, spellings, delimiters)
  if (!stop) throw new Refusal('no-such-account', 'No such account')
  const { accounts } = await follow(site, stop, delimiters)
  const targets = accounts.filter(({ entry }) => !entry.isDisabled).map(deliverable)
  if (targets.length > 0) return targets
  if (accounts.length > 0) throw new Refusal('account-disabled', 'The account is disabled')
  throw new Refusal('no-such-account', 'No such account')
}

function deliverable({ entry, detail }: Reach['accounts'][number]): DeliveryTarget {
  // A detail that no mailbox can be named by is as good as none.
  return { address: entry.address, detail: Buffer.byteLength(detail) > mailboxNameBytes ? '' : detail }
}

/** The address of the one account that this very name stands for, for logins, in either spelling of its domain; else the name itself. Throws as `findStop`. */
export async function loginName(site: EntrySource, address: string): Promise<string> {
  const name = canonicalAddress(address)
  if (name.startsWith('@')) return name
  const other = otherSpelling(name)
  const stop =
    (await stopAt(site, name, '')) ?? (other === undefined ? undefined : await stopAt(site, other, ''))
  if (!stop) return name
  if (stop.kind === 'account') return stop.entry.address
  const { accounts } = await follow(site, stop, '')
  const [only] = accounts
  return accounts.length === 1 && only && only.detail === '' ? only.entry.address : name
}
