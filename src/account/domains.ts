// The domains of the site: what commands added, what the settings name, and what holds for their accounts.
import { asciiDomain, domainInWords, otherSpelling } from '../base/domain.ts'
import type { AtRestRule, AtRestRules } from './at-rest-rules.ts'
import type { DomainInfo, DomainRule } from './api-names.ts'
import { domainOf } from './at-rest-rules.ts'
import { noteAudit } from './audit.ts'
import { Refusal } from './errors.ts'
import { decodeDomain, encodeDomain, kindOfName, type DomainRecord } from './names-codec.ts'
import { isDamage, refusing } from './refusing.ts'
import type { Site } from './unlocked-account.ts'

interface Known {
  readonly record: DomainRecord
  readonly bytes: Uint8Array
}

export interface DomainsOptions {
  /** What the settings say of each domain. */
  readonly rules: AtRestRules
  /** `[domains] local`. */
  readonly local: readonly string[]
}

/** Every name of the directory, in order. */
export async function* directoryNames(
  site: Pick<Site, 'store'>,
): AsyncGenerator<readonly [name: string, bytes: Uint8Array]> {
  for (let after: string | undefined; ;) {
    const page = await site.store.directory.list('', after, 500)
    yield* page
    after = page.at(-1)?.[0]
    if (after === undefined) return
  }
}

/** The name of a domain in the directory: A-labels. Refuses with 'limit' what is none. */
export function newDomain(given: string): string {
  const ascii = asciiDomain(given.trim().normalize('NFC'))
  const isName = /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/.test(ascii)
  if (!isName || ascii.length > 253) throw new Refusal('limit', 'That is not the name of a domain')
  return ascii
}

/** Records are few and kept in memory: only this process writes them. Callers see to it that changes come one after another. */
export class Domains {
  readonly #site: Site
  readonly #options: DomainsOptions
  readonly #local: ReadonlySet<string>
  readonly #known = new Map<string, Known>()
  /** Records that do not verify: what they say is not known. */
  readonly #damaged = new Set<string>()

  constructor(site: Site, options: DomainsOptions) {
    this.#site = site
    this.#options = options
    this.#local = new Set(options.local.map(asciiDomain))
  }

  async load(): Promise<void> {
    const found: [string, Uint8Array][] = []
    await refusing(async () => {
      for await (const [name, bytes] of directoryNames(this.#site))
        if (kindOfName(bytes) === 'domain') found.push([name, bytes])
    })
    this.#known.clear()
    this.#damaged.clear()
    for (const [name, bytes] of found) this.#take(name, bytes)
  }

  #take(name: string, bytes: Uint8Array): void {
    try {
      this.#known.set(name, { record: decodeDomain(this.#site.siteKey, name, bytes), bytes })
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#damaged.add(name)
      this.#site.log.write('error', 'domain.damaged', { domain: name })
    }
  }

  /** What holds for accounts of a domain that have nothing of their own. */
  readonly rules: AtRestRules = (domain) => {
    const given = this.#options.rules(domain)
    const record = this.#known.get(asciiDomain(domain))?.record
    return {
      policy: record?.policy ?? given.policy,
      adminRecovery: record?.adminRecovery ?? given.adminRecovery,
    } satisfies AtRestRule
  }

  /** As `NamesApi.isOurs`. */
  isOurs(domain: string): boolean {
    const ascii = asciiDomain(domain)
    if (this.#damaged.has(ascii)) throw new Refusal('damaged', 'The record of the domain is damaged')
    return this.#known.has(ascii) || this.#local.has(ascii)
  }

  /** Whether commands said which domains there are. */
  get areListed(): boolean {
    return this.#known.size + this.#damaged.size > 0
  }

  /** Refuses with 'no-such-domain' an address in a domain that the site does not have, once it has said which ones it has. */
  mustHave(address: string): void {
    const domain = domainOf(address)
    if (!this.areListed || this.isOurs(domain)) return
    throw new Refusal('no-such-domain', `${domain} is none of the domains of this site`)
  }

  /** Refuses with 'account-exists' a new name that something has in the other spelling of its domain: mail for it would come to either. */
  async mustBeAlone(address: string, but?: string): Promise<void> {
    const other = otherSpelling(address)
    if (other === undefined || other === but) return
    if (await refusing(() => this.#site.store.directory.get(other)))
      throw new Refusal(
        'account-exists',
        `${address} is the same address as ${other}, which is there already`,
      )
  }

  async add(given: string, isDryRun: boolean): Promise<string> {
    const name = newDomain(given)
    if (this.#known.has(name) || this.#damaged.has(name))
      throw new Refusal('domain-exists', `${domainInWords(name)} is a domain of this site already`)
    if (isDryRun) return name
    const addedAt = this.#site.clock.now()
    await this.#put(name, { addedAt, policy: undefined, adminRecovery: undefined })
    await noteAudit(this.#site, { event: 'domain.added', by: 'admin', detail: { domain: name } })
    return name
  }

  /** Throws away the record; also one that is damaged. Refuses with 'no-such-domain'. */
  async remove(given: string, isDryRun: boolean): Promise<void> {
    const name = newDomain(given)
    const { directory } = this.#site.store
    const bytes = await refusing(() => directory.get(name))
    if (!bytes || kindOfName(bytes) !== 'domain') throw this.#missing(name)
    if (isDryRun) return
    try {
      await refusing(() => directory.delete(name, bytes))
    } finally {
      await this.#look(name)
    }
    await noteAudit(this.#site, { event: 'domain.removed', by: 'admin', detail: { domain: name } })
  }

  #missing(name: string): Refusal {
    const isLocal = this.#local.has(name)
    const text = isLocal
      ? `${domainInWords(name)} stands in the settings ([domains] local), no command added it`
      : `${domainInWords(name)} is no domain of this site`
    return new Refusal('no-such-domain', text)
  }

  async setRule(given: string, rule: DomainRule, isDryRun: boolean): Promise<string> {
    const name = newDomain(given)
    const known = this.#known.get(name)
    if (!known && !this.#local.has(name)) throw this.#missing(name)
    if (isDryRun) return name
    await this.#put(name, { addedAt: known?.record.addedAt ?? this.#site.clock.now(), ...rule })
    const detail = {
      domain: name,
      policy: rule.policy ?? 'as the settings say',
      adminRecovery: rule.adminRecovery ?? 'as the settings say',
    }
    await noteAudit(this.#site, { event: 'atrest.policy', by: 'admin', detail })
    return name
  }

  async #put(name: string, record: DomainRecord): Promise<void> {
    const { store, siteKey } = this.#site
    const bytes = encodeDomain(siteKey, name, record)
    try {
      await refusing(() => store.directory.put(name, bytes, this.#known.get(name)?.bytes))
    } finally {
      await this.#look(name)
    }
  }

  /** Takes over what is stored under a name: also after a write that failed, which may have been done all the same. Never throws. */
  async #look(name: string): Promise<void> {
    try {
      const bytes = await this.#site.store.directory.get(name)
      this.#known.delete(name)
      this.#damaged.delete(name)
      if (bytes && kindOfName(bytes) === 'domain') this.#take(name, bytes)
    } catch {
      // What is known stays so; the store says at the next change whether it still holds.
    }
  }

  /** All there are, and one that may be none yet. */
  async list(also: readonly string[] = []): Promise<readonly DomainInfo[]> {
    const counts = new Map<string, { accounts: number; aliases: number }>()
    const count = (name: string): { accounts: number; aliases: number } => {
      const present = counts.get(name) ?? { accounts: 0, aliases: 0 }
      counts.set(name, present)
      return present
    }
    for (const name of [...this.#known.keys(), ...this.#damaged, ...this.#local, ...also]) count(name)
    await refusing(async () => {
      for await (const [name, bytes] of directoryNames(this.#site)) {
        const kind = kindOfName(bytes)
        if (kind === 'account') count(asciiDomain(domainOf(name))).accounts += 1
        if (kind === 'alias') count(asciiDomain(domainOf(name))).aliases += 1
      }
    })
    return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sums]) => this.#info(name, sums))
  }

  #info(ascii: string, sums: { readonly accounts: number; readonly aliases: number }): DomainInfo {
    const record = this.#known.get(ascii)?.record
    const isAdded = record !== undefined || this.#damaged.has(ascii)
    return {
      ...{ domain: domainInWords(ascii), ascii, ...sums, ...this.rules(ascii) },
      source: isAdded ? 'command' : this.#local.has(ascii) ? 'settings' : 'accounts',
      addedAt: record?.addedAt,
      own: { policy: record?.policy, adminRecovery: record?.adminRecovery },
    }
  }
}
