// Aliases and domains in memory: enough for admin commands to work on.
import type {
  AliasInfo,
  DomainInfo,
  DomainRule,
  NameOptions,
  NamesApi,
  Renamed,
} from '../../src/account/api-names.ts'
import { Refusal } from '../../src/account/errors.ts'
import type { FakeAccount } from './fake-accounts.ts'

export class FakeNames implements NamesApi {
  readonly made = new Map<string, readonly string[]>()
  readonly rules = new Map<string, DomainRule>()
  readonly #accounts: Map<string, FakeAccount>

  constructor(accounts: Map<string, FakeAccount>) {
    this.#accounts = accounts
  }

  #info(alias: string, targets: readonly string[]): AliasInfo {
    return { alias, targets, reaches: targets, lost: targets.filter((target) => !this.#accounts.has(target)) }
  }

  async *aliases(): AsyncGenerator<AliasInfo> {
    for (const [alias, targets] of this.made) yield this.#info(alias, targets)
  }

  async alias(address: string): Promise<AliasInfo | undefined> {
    const targets = this.made.get(address)
    return targets && this.#info(address, targets)
  }

  async aliasesTo(address: string): Promise<readonly string[]> {
    return [...this.made].filter(([, targets]) => targets.includes(address)).map(([alias]) => alias)
  }

  async addAlias(alias: string, wanted: readonly string[], options: NameOptions = {}): Promise<AliasInfo> {
    if (this.#accounts.has(alias)) throw new Refusal('account-exists', `${alias} is an account`)
    const missing = wanted.find((target) => !this.#accounts.has(target) && !this.made.has(target))
    if (missing !== undefined) throw new Refusal('bad-alias', `${missing} is neither an account nor an alias`)
    const targets = [...new Set([...(this.made.get(alias) ?? []), ...wanted])]
    if (!options.isDryRun) this.made.set(alias, targets)
    return this.#info(alias, targets)
  }

  async removeAlias(
    alias: string,
    wanted: readonly string[],
    options: NameOptions = {},
  ): Promise<AliasInfo | undefined> {
    const present = this.made.get(alias)
    if (!present) throw new Refusal('no-such-alias', `${alias} is no alias`)
    const left = wanted.length === 0 ? [] : present.filter((target) => !wanted.includes(target))
    if (!options.isDryRun) {
      if (left.length > 0) this.made.set(alias, left)
      else this.made.delete(alias)
    }
    return left.length > 0 ? this.#info(alias, left) : undefined
  }

  #domain(domain: string): DomainInfo {
    const own = this.rules.get(domain)
    const inIt = (name: string): boolean => name.endsWith(`@${domain}`)
    return {
      ...{ domain, ascii: domain, source: own ? 'command' : 'accounts', addedAt: undefined },
      accounts: [...this.#accounts.keys()].filter(inIt).length,
      aliases: [...this.made.keys()].filter(inIt).length,
      policy: own?.policy ?? 'offered',
      adminRecovery: own?.adminRecovery ?? true,
      own: own ?? { policy: undefined, adminRecovery: undefined },
    }
  }

  async domains(): Promise<readonly DomainInfo[]> {
    const ofAccounts = [...this.#accounts.keys()].map((address) => address.slice(address.indexOf('@') + 1))
    return [...new Set([...this.rules.keys(), ...ofAccounts])].map((name) => this.#domain(name))
  }

  async addDomain(domain: string, options: NameOptions = {}): Promise<DomainInfo> {
    if (this.rules.has(domain)) throw new Refusal('domain-exists', `${domain} is a domain already`)
    if (!options.isDryRun) this.rules.set(domain, { policy: undefined, adminRecovery: undefined })
    return this.#domain(domain)
  }

  async removeDomain(
    domain: string,
    options: NameOptions & { readonly keepsAccounts: boolean },
  ): Promise<DomainInfo> {
    if (!this.rules.has(domain)) throw new Refusal('no-such-domain', `${domain} is no domain`)
    const info = this.#domain(domain)
    if (info.accounts > 0 && !options.keepsAccounts) throw new Refusal('in-use', `${domain} has 1 account(s)`)
    if (!options.isDryRun) this.rules.delete(domain)
    return info
  }

  async setDomainRule(domain: string, rule: DomainRule, options: NameOptions = {}): Promise<DomainInfo> {
    if (!this.rules.has(domain)) throw new Refusal('no-such-domain', `${domain} is no domain`)
    if (!options.isDryRun) this.rules.set(domain, rule)
    return this.#domain(domain)
  }

  isOurs(domain: string): boolean {
    return this.rules.has(domain)
  }

  async rename(
    from: string,
    to: string,
    options: NameOptions & { readonly keepsAlias: boolean },
  ): Promise<Renamed> {
    const account = this.#accounts.get(from)
    if (!account) throw new Refusal('no-such-account', `no account ${from}`)
    if (this.#accounts.has(to)) throw new Refusal('account-exists', `there is an account ${to} already`)
    if (!options.isDryRun) {
      this.#accounts.delete(from)
      this.#accounts.set(to, account)
      if (options.keepsAlias) this.made.set(from, [to])
    }
    const accountId = '00112233445566778899aabbccddeeff'
    return { from, to, accountId, hasAlias: options.keepsAlias, aliases: [], alternateOf: [] }
  }

  async reload(): Promise<void> {
    return undefined
  }
}
