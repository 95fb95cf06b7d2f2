// Names of the site: accounts, aliases and domains change one after another, so that what was looked at holds when it is written.
import { asciiDomain } from '../base/domain.ts'
import { Serial } from '../base/serial.ts'
import { Aliases } from './aliases.ts'
import type { AliasInfo, DomainInfo, DomainRule, NameOptions, NamesApi, Renamed } from './api-names.ts'
import type { AtRestRules } from './at-rest-rules.ts'
import { Domains, newDomain, type DomainsOptions } from './domains.ts'
import { Refusal } from './errors.ts'
import type { Registry } from './registry.ts'
import { renameAccount } from './rename.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

export interface SiteNamesOptions extends DomainsOptions {
  /** As for recipients. */
  readonly delimiters: string
}

/** What only a later step of the wiring has. */
export interface SiteNamesParts {
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly kick: (address: string, reason: string) => Promise<unknown>
}

export class SiteNames implements NamesApi {
  readonly #site: Site
  readonly #domains: Domains
  readonly #aliases: Aliases
  readonly #parts: () => SiteNamesParts
  readonly #turns = new Serial()

  constructor(site: Site, options: SiteNamesOptions, parts: () => SiteNamesParts) {
    this.#site = site
    this.#domains = new Domains(site, options)
    this.#aliases = new Aliases(site, this.#domains, options.delimiters)
    this.#parts = parts
  }

  /** What holds for accounts of a domain. */
  get rules(): AtRestRules {
    return this.#domains.rules
  }

  /** Nothing else of names changes while `task` runs. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(task)
  }

  /** Refuses with 'no-such-domain' an address for a new account where the site says which domains it has, and this is none. */
  mustHaveDomain(address: string): void {
    this.#domains.mustHave(address)
  }

  /** Refuses with 'account-exists' an address for a new account that differs from another name in the spelling of its domain alone. */
  mustBeAlone(address: string): Promise<void> {
    return this.#domains.mustBeAlone(address)
  }

  /** An account is going, and its address is still taken: to be called in turn. */
  async accountIsGoing(address: string): Promise<void> {
    await this.#aliases.forget(address)
  }

  aliases(): AsyncGenerator<AliasInfo> {
    return this.#aliases.list()
  }

  alias(address: string): Promise<AliasInfo | undefined> {
    return this.#aliases.find(address)
  }

  aliasesTo(address: string): Promise<readonly string[]> {
    return this.#aliases.namesOf(address)
  }

  addAlias(
    alias: string,
    targets: readonly string[],
    { isDryRun = false }: NameOptions = {},
  ): Promise<AliasInfo> {
    return this.inTurn(() => this.#aliases.add(alias, targets, isDryRun))
  }

  removeAlias(
    alias: string,
    targets: readonly string[],
    { isDryRun = false }: NameOptions = {},
  ): Promise<AliasInfo | undefined> {
    return this.inTurn(() => this.#aliases.remove(alias, targets, isDryRun))
  }

  domains(): Promise<readonly DomainInfo[]> {
    return this.#domains.list()
  }

  async #domain(ascii: string): Promise<DomainInfo> {
    const found = (await this.#domains.list([ascii])).find((info) => info.ascii === ascii)
    if (!found) throw new Refusal('no-such-domain', 'No such domain')
    return found
  }

  addDomain(domain: string, { isDryRun = false }: NameOptions = {}): Promise<DomainInfo> {
    return this.inTurn(async () => this.#domain(await this.#domains.add(domain, isDryRun)))
  }

  removeDomain(
    given: string,
    { keepsAccounts, isDryRun = false }: NameOptions & { readonly keepsAccounts: boolean },
  ): Promise<DomainInfo> {
    return this.inTurn(async () => {
      const info = await this.#domain(newDomain(given))
      const { accounts, aliases, source } = info
      if (accounts + aliases > 0 && source === 'command' && !keepsAccounts)
        throw new Refusal('in-use', `${info.domain} has ${accounts} account(s) and ${aliases} alias(es)`)
      await this.#domains.remove(given, isDryRun)
      return info
    })
  }

  setDomainRule(
    domain: string,
    rule: DomainRule,
    { isDryRun = false }: NameOptions = {},
  ): Promise<DomainInfo> {
    return this.inTurn(async () => this.#domain(await this.#domains.setRule(domain, rule, isDryRun)))
  }

  isOurs(domain: string): boolean {
    return this.#domains.isOurs(asciiDomain(domain))
  }

  rename(
    from: string,
    to: string,
    options: NameOptions & { readonly keepsAlias: boolean },
  ): Promise<Renamed> {
    const parts = { site: this.#site, aliases: this.#aliases, domains: this.#domains, ...this.#parts() }
    return this.inTurn(() => renameAccount(parts, from, to, options))
  }

  reload(): Promise<void> {
    return this.inTurn(() => this.#domains.load())
  }
}
