// Aliases: addresses whose mail goes to accounts of other names. Kept in the directory beside accounts, so that a name is never both.
import { aliasTargetBytes, aliasTargets } from '../base/limits.ts'
import type { NameChange } from '../store/store.ts'
import type { AliasInfo } from './api-names.ts'
import { noteAudit } from './audit.ts'
import { canonicalAddress, newAddress } from './directory.ts'
import { directoryNames, type Domains } from './domains.ts'
import { Refusal } from './errors.ts'
import { decodeAlias, encodeAlias, kindOfName } from './names-codec.ts'
import { findStop, follow, splits } from './recipients.ts'
import { isDamage, refusing } from './refusing.ts'
import type { Site } from './unlocked-account.ts'

interface Stored {
  readonly alias: string
  readonly targets: readonly string[]
  readonly bytes: Uint8Array
}

/** The canonical form of a new alias, or a refusal: an address, or `@domain`. */
function newAlias(given: string): string {
  const name = canonicalAddress(given)
  if (!name.startsWith('@')) return newAddress(name)
  newAddress(`x${name}`)
  return name
}

/** Refuses with 'limit' targets that one record does not take. */
function mustFit(alias: string, targets: readonly string[]): void {
  const octets = targets.reduce((sum, target) => sum + Buffer.byteLength(target), 0)
  if (octets > aliasTargetBytes)
    throw new Refusal(
      'limit',
      `The targets of ${alias} would have ${octets} octets together; at most ${aliasTargetBytes} are taken: put some behind an alias of their own`,
    )
}

/** Callers see to it that changes come one after another. */
export class Aliases {
  readonly #site: Site
  readonly #domains: Domains
  readonly #delimiters: string

  constructor(site: Site, domains: Domains, delimiters: string) {
    this.#site = site
    this.#domains = domains
    this.#delimiters = delimiters
  }

  /** Throws what store and crypto throw. */
  async #stored(alias: string): Promise<Stored | undefined> {
    const { store, siteKey } = this.#site
    const bytes = await store.directory.get(alias)
    if (!bytes || kindOfName(bytes) !== 'alias') return undefined
    return { alias, targets: decodeAlias(siteKey, alias, bytes), bytes }
  }

  /** One that is damaged must not hide the others. */
  async *#all(): AsyncGenerator<Stored> {
    const { siteKey, log } = this.#site
    for await (const [alias, bytes] of directoryNames(this.#site)) {
      if (kindOfName(bytes) !== 'alias') continue
      try {
        yield { alias, targets: decodeAlias(siteKey, alias, bytes), bytes }
      } catch (error) {
        if (!isDamage(error)) throw error
        log.write('error', 'alias.damaged', { alias })
      }
    }
  }

  async #info({ alias, targets }: Pick<Stored, 'alias' | 'targets'>): Promise<AliasInfo> {
    const { accounts, lost } = await follow(
      this.#site,
      { kind: 'alias', alias, targets, detail: '' },
      this.#delimiters,
    )
    const reaches = [...new Set(accounts.map(({ entry }) => entry.address))]
    return { alias, targets, reaches, lost }
  }

  async *list(): AsyncGenerator<AliasInfo> {
    for await (const stored of this.#all()) yield await refusing(() => this.#info(stored))
  }

  async find(address: string): Promise<AliasInfo | undefined> {
    return refusing(async () => {
      const stored = await this.#stored(canonicalAddress(address))
      return stored && (await this.#info(stored))
    })
  }

  /** Whether a target names this account or alias, with a detail or without. */
  #names(target: string, address: string): boolean {
    return splits(target, this.#delimiters).some(({ name }) => name === address)
  }

  async namesOf(address: string): Promise<string[]> {
    const wanted = canonicalAddress(address)
    return refusing(async () => {
      const found: string[] = []
      for await (const { alias, targets } of this.#all())
        if (targets.some((target) => this.#names(target, wanted))) found.push(alias)
      return found
    })
  }

  async add(given: string, wanted: readonly string[], isDryRun: boolean): Promise<AliasInfo> {
    const alias = newAlias(given)
    this.#domains.mustHave(alias)
    await this.#domains.mustBeAlone(alias)
    const { store, siteKey } = this.#site
    return refusing(async () => {
      const bytes = await store.directory.get(alias)
      if (bytes && kindOfName(bytes) !== 'alias')
        throw new Refusal('account-exists', `${alias} is an account: an alias needs an address of its own`)
      const present = bytes ? decodeAlias(siteKey, alias, bytes) : []
      const targets = [...present]
      for (const one of wanted) {
        const target = await this.#newTarget(alias, one)
        if (!targets.includes(target)) targets.push(target)
      }
      if (targets.length === 0) throw new Refusal('bad-alias', 'An alias needs a target')
      if (targets.length > aliasTargets)
        throw new Refusal('limit', `An alias has at most ${aliasTargets} targets`)
      if (isDryRun || targets.length > present.length) mustFit(alias, targets)
      // Also refuses what reaches too many accounts.
      const info = await this.#info({ alias, targets })
      if (isDryRun || targets.length === present.length) return info
      await store.directory.put(alias, encodeAlias(siteKey, alias, targets), bytes)
      await this.#note('alias.added', alias, targets)
      return info
    })
  }

  /** As it is stored: canonical, but for what stands behind `+`. Refuses with 'bad-alias'. */
  async #newTarget(alias: string, given: string): Promise<string> {
    const canonical = canonicalAddress(given)
    const stop = await findStop(this.#site, [given], this.#delimiters)
    const isCaught = stop?.kind === 'alias' && stop.alias.startsWith('@')
    // What stands behind `+` is kept as it was given: it is shown, and written to logs.
    if (!stop || isCaught || canonical.startsWith('@') || /\p{C}/u.test(given.trim()))
      throw new Refusal('bad-alias', `${canonical} is neither an account nor an alias of this site`)
    const { aliases, lost } = await follow(this.#site, stop, this.#delimiters)
    const isCircle = aliases.has(alias) || lost.some((target) => this.#names(target, alias))
    if (isCircle || this.#names(canonical, alias))
      throw new Refusal('bad-alias', `${canonical} leads back to ${alias}`)
    return stop.detail === '' ? canonical : given.trim().normalize('NFC')
  }

  async remove(given: string, wanted: readonly string[], isDryRun: boolean): Promise<AliasInfo | undefined> {
    const alias = canonicalAddress(given)
    const { store, siteKey } = this.#site
    return refusing(async () => {
      const bytes = await store.directory.get(alias)
      if (!bytes || kindOfName(bytes) !== 'alias') throw new Refusal('no-such-alias', `${alias} is no alias`)
      // All of it goes also when nobody can read what it says any more.
      const targets =
        wanted.length === 0 ? [] : this.#without(alias, decodeAlias(siteKey, alias, bytes), wanted)
      if (targets.length > 0) {
        if (isDryRun) return this.#info({ alias, targets })
        await store.directory.put(alias, encodeAlias(siteKey, alias, targets), bytes)
        await this.#note('alias.changed', alias, targets)
        return this.#info({ alias, targets })
      }
      const users = await this.namesOf(alias)
      if (users.length > 0) throw new Refusal('in-use', `${alias} is a target of ${users.join(', ')}`)
      if (isDryRun) return undefined
      await store.directory.delete(alias, bytes)
      await this.#note('alias.removed', alias, [])
      return undefined
    })
  }

  #without(alias: string, present: readonly string[], wanted: readonly string[]): string[] {
    const names = wanted.map(canonicalAddress)
    const missing = names.find((name) => !present.some((target) => canonicalAddress(target) === name))
    if (missing !== undefined) throw new Refusal('no-such-alias', `${missing} is no target of ${alias}`)
    return present.filter((target) => !names.includes(canonicalAddress(target)))
  }

  #note(
    event: 'alias.added' | 'alias.changed' | 'alias.removed',
    alias: string,
    targets: readonly string[],
  ): Promise<void> {
    const detail = { alias, ...(targets.length === 0 ? {} : { to: targets.slice(0, 20).join(' ') }) }
    return noteAudit(this.#site, { event, by: 'admin', detail })
  }

  /**
   * What has to change in aliases when an address becomes another one, or for undefined goes: an alias without a target goes too. Throws what
   * store and crypto throw.
   */
  async changesFor(address: string, becomes: string | undefined): Promise<NameChange[]> {
    const { siteKey } = this.#site
    const changes: NameChange[] = []
    for await (const { alias, targets, bytes } of this.#all()) {
      const isNamed = (target: string): boolean => this.#names(target, address)
      if (!targets.some(isNamed)) continue
      const kept = targets.flatMap((target) => {
        if (!isNamed(target)) return [target]
        if (becomes === undefined) return []
        const rest = splits(target, this.#delimiters).find(({ name }) => name === address)?.detail ?? ''
        const at = becomes.lastIndexOf('@')
        return [
          rest === ''
            ? becomes
            : `${becomes.slice(0, at)}${this.#delimiters[0] ?? '+'}${rest}${becomes.slice(at)}`,
        ]
      })
      const others = [...new Set(kept)].filter((target) => canonicalAddress(target) !== alias)
      // A longer address takes more room in each alias that names it.
      if (becomes !== undefined) mustFit(alias, others)
      const value = others.length === 0 ? undefined : encodeAlias(siteKey, alias, others)
      changes.push({ name: alias, value, expected: bytes })
    }
    return changes
  }

  /** Takes an account that is gone out of all aliases. Resolves to those that named it. */
  async forget(address: string): Promise<readonly string[]> {
    return refusing(async () => {
      const changes = await this.changesFor(address, undefined)
      if (changes.length > 0) await this.#site.store.directory.change(changes)
      for (const { name, value } of changes)
        if (value) await this.#note('alias.changed', name, decodeAlias(this.#site.siteKey, name, value))
        else await this.#note('alias.removed', name, [])
      return changes.map(({ name }) => name)
    })
  }
}
