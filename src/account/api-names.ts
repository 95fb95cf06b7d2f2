// Aliases, domains and new names of accounts as front doors (admin commands, SMTP) see them. Types only; site-names.ts implements them.
import type { AtRestPolicy } from './api-lifecycle.ts'

/** An address that is no account of its own. */
export interface AliasInfo {
  /** Canonical; `@example.org`: whatever else comes for that domain. */
  readonly alias: string
  /** Accounts and other aliases, as they were given. */
  readonly targets: readonly string[]
  /** The accounts that its mail comes to in the end. */
  readonly reaches: readonly string[]
  /** Targets that are not there any more: mail goes to the others. */
  readonly lost: readonly string[]
}

export interface DomainInfo {
  /** As people read it; `ascii` is the same in A-labels. */
  readonly domain: string
  readonly ascii: string
  /** `command`: added by one; `settings`: it stands in `[domains] local`; `accounts`: only its accounts are there. The first that is so. */
  readonly source: 'command' | 'settings' | 'accounts'
  readonly accounts: number
  readonly aliases: number
  /** Milliseconds since 1970. */
  readonly addedAt: number | undefined
  /** What holds for its accounts where they have nothing of their own. */
  readonly policy: AtRestPolicy
  readonly adminRecovery: boolean
  /** What was set for it by a command; undefined: nothing, the settings hold. */
  readonly own: DomainRule
}

export interface DomainRule {
  readonly policy: AtRestPolicy | undefined
  readonly adminRecovery: boolean | undefined
}

export interface Renamed {
  readonly from: string
  readonly to: string
  readonly accountId: string
  /** The old address is an alias of the new one. */
  readonly hasAlias: boolean
  /** Aliases that named the old address, and name the new one now. */
  readonly aliases: readonly string[]
  /** Accounts whose notices went to the old address: they still do. */
  readonly alternateOf: readonly string[]
}

export interface NameOptions {
  /** Only says what would be, or refuses. */
  readonly isDryRun?: boolean
}

/** One name is one thing: an account or an alias. Changes are in force at once, for the mail that comes next. */
export interface NamesApi {
  aliases(): AsyncIterable<AliasInfo>
  alias(address: string): Promise<AliasInfo | undefined>
  /** Aliases that name this account or alias themselves. */
  aliasesTo(address: string): Promise<readonly string[]>
  /**
   * Makes an alias, or adds targets to one. Refuses with 'account-exists' (an account has that address), 'no-such-domain', 'bad-alias' (a target
   * that is not there, or a circle), 'limit'.
   */
  addAlias(alias: string, targets: readonly string[], options?: NameOptions): Promise<AliasInfo>
  /** Takes targets out of it, all when none are given; undefined when nothing is left of it. Refuses with 'no-such-alias', 'in-use'. */
  removeAlias(
    alias: string,
    targets: readonly string[],
    options?: NameOptions,
  ): Promise<AliasInfo | undefined>

  /** Those added by a command, those of the settings, and those of which there are accounts. */
  domains(): Promise<readonly DomainInfo[]>
  /** Refuses with 'domain-exists', 'limit'. From the first one on, accounts and aliases are made in known domains only. */
  addDomain(domain: string, options?: NameOptions): Promise<DomainInfo>
  /** Resolves to what it was. Refuses with 'no-such-domain', and with 'in-use' where it has accounts or aliases, unless they are meant to stay as they are. */
  removeDomain(
    domain: string,
    options: NameOptions & { readonly keepsAccounts: boolean },
  ): Promise<DomainInfo>
  /** For a domain that was added or stands in the settings; undefined members: what the settings say. Refuses with 'no-such-domain'. */
  setDomainRule(domain: string, rule: DomainRule, options?: NameOptions): Promise<DomainInfo>
  /** Whether the site says that it takes mail for the domain. Refuses with 'damaged' where nobody can tell. */
  isOurs(domain: string): boolean

  /**
   * Gives an account another address. Its identifier, keys and mail stay; its sessions end. Refuses with 'account-exists', 'no-such-account',
   * 'no-such-domain', 'in-use' (a recovery waits).
   */
  rename(from: string, to: string, options: NameOptions & { readonly keepsAlias: boolean }): Promise<Renamed>
  /** Somebody else wrote records of domains: they are in force from now on. */
  reload(): Promise<void>
}
