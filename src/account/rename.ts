// Another address for an account: its entry, and every alias that names it, change in one step; identifier, keys and mail stay.
import { equalBytes } from '../base/bytes.ts'
import { Conflict } from '../store/errors.ts'
import type { NameChange } from '../store/store.ts'
import type { Aliases } from './aliases.ts'
import type { NameOptions, Renamed } from './api-names.ts'
import { noteAudit } from './audit.ts'
import { canonicalAddress, encodeEntry, newAddress, type DirectoryEntry } from './directory.ts'
import { alternateAddressField, fieldOf, recoveryWaitingField } from './directory-fields.ts'
import type { Domains } from './domains.ts'
import { Refusal } from './errors.ts'
import { decodeAlias, encodeAlias, kindOfName } from './names-codec.ts'
import { asRefusal, isInDoubt, refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { leaveInTrail } from './trail-arrival.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

export interface RenameParts {
  readonly site: Site
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly aliases: Aliases
  readonly domains: Domains
  /** Ends sessions that need no keys. */
  readonly kick: (address: string, reason: string) => Promise<unknown>
}

const namesInLine = 20

/** For the audit log: an account may have aliases without number. */
function inOneLine(names: readonly string[]): string {
  const more = names.length - namesInLine
  return names.slice(0, namesInLine).join(' ') + (more > 0 ? ` and ${more} more` : '')
}

const reason = 'The account has another address now: log in with that'

/** As `NamesApi.rename`. Callers see to it that changes of names come one after another. */
export async function renameAccount(
  parts: RenameParts,
  from: string,
  given: string,
  { keepsAlias, isDryRun = false }: NameOptions & { readonly keepsAlias: boolean },
): Promise<Renamed> {
  const { site, registry, unlocked, domains } = parts
  const old = await registry.entry(from)
  const to = newAddress(given)
  domains.mustHave(to)
  await domains.mustBeAlone(to, old.address)
  await mayMove(site, old, to)
  const accountId = old.account.toString('hex')
  const alternateOf: string[] = []
  for await (const entry of registry.entries())
    if (!entry.isDeleting && alternateAddressOf(entry) === old.address) alternateOf.push(entry.address)
  const told = { from: old.address, to, accountId, hasAlias: keepsAlias, alternateOf }
  if (isDryRun) return { ...told, aliases: await parts.aliases.namesOf(old.address) }
  let aliases: readonly string[] = []
  await unlocked.whileLocked(old.account, reason, async () => {
    aliases = await move(parts, old, to, keepsAlias)
    const detail = `${old.address} is ${to} now`
    // The owner is told of it; that it was done does not depend on that.
    await leaveInTrail(site, old.account, { kind: 'renamed', by: 'admin', detail }).catch(
      (error: unknown) => {
        registry.report('trail.not-written', old, error)
      },
    )
  })
  await parts.kick(old.address, reason)
  await noteAudit(site, {
    ...{ event: 'account.renamed', address: to, by: 'admin' },
    detail: { from: old.address, alias: keepsAlias, aliases: inOneLine(aliases) },
  })
  return { ...told, aliases }
}

const alternateAddressOf = ({ fields }: DirectoryEntry): string | undefined => {
  const address = fieldOf(fields, alternateAddressField)
  return address === undefined ? undefined : canonicalAddress(address)
}

/** Refuses where the new address is taken; an alias of nobody but the account itself may be taken over. */
async function mayMove(site: Site, old: DirectoryEntry, to: string): Promise<void> {
  const waiting = fieldOf(old.fields, recoveryWaitingField)
  // The link that cancels it names the address.
  if (waiting && waiting.expiresAt > site.clock.now())
    throw new Refusal('in-use', 'A recovery of this account waits: let it end, or cancel it, before')
  const bytes = await refusing(() => site.store.directory.get(to))
  if (!bytes) return
  if (to === old.address) throw new Refusal('account-exists', 'That is its address already')
  if (kindOfName(bytes) !== 'alias') throw new Refusal('account-exists', `There is an account ${to} already`)
  const targets = await refusing(async () => decodeAlias(site.siteKey, to, bytes))
  if (targets.some((target) => canonicalAddress(target) !== old.address))
    throw new Refusal('account-exists', `${to} is an alias that leads elsewhere too: remove it first`)
}

/** Resolves to the aliases that were changed. */
async function move(
  { site, registry, aliases }: RenameParts,
  old: DirectoryEntry,
  to: string,
  keepsAlias: boolean,
): Promise<readonly string[]> {
  const { store, siteKey } = site
  for (let tries = 0; ; tries += 1) {
    const present = await registry.entry(old.address)
    if (!present.account.equals(old.account)) throw new Refusal('no-such-account', 'No such account')
    const entry = encodeEntry(siteKey, to, present.account, present)
    const named = (await refusing(() => aliases.changesFor(old.address, to))).filter(
      ({ name }) => name !== to,
    )
    const changes: NameChange[] = [
      {
        name: old.address,
        value: keepsAlias ? encodeAlias(siteKey, old.address, [to]) : undefined,
        expected: present.bytes,
      },
      { name: to, value: entry, expected: await refusing(() => store.directory.get(to)) },
      ...named,
    ]
    try {
      await mayMove(site, present, to)
      await store.directory.change(changes)
    } catch (error) {
      // Where nobody can say whether it was done, the new name tells.
      const stored = isInDoubt(error) ? await refusing(() => store.directory.get(to)) : undefined
      const isDone = stored !== undefined && equalBytes(stored, entry)
      if (!isDone && (!(error instanceof Conflict) || tries >= 20)) throw asRefusal(error)
      if (!isDone) continue
    }
    return named.map(({ name }) => name)
  }
}
