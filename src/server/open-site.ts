// Opens what the server and the commands on an idle store have in common: site key, store, accounts.
import { openAccounts } from '../account/accounts.ts'
import type { Accounts } from '../account/api.ts'
import type { AtRestRules } from '../account/at-rest-rules.ts'
import type { LoginGuard } from '../account/login-guard.ts'
import type { Witnesses } from '../account/witness.ts'
import { witnessesIn } from '../account/witness-files.ts'
import type { BackupApi } from '../backup/api.ts'
import { AuditFile } from '../audit/audit-log.ts'
import { makeBackups } from '../backup/backups.ts'
import { exitCodes } from '../admin/exit-code.ts'
import { Failure } from '../admin/failure.ts'
import type { OpenSite } from '../admin/command.ts'
import { systemClock, type Clock, type Log } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'
import { KdfGate, type KdfParameters } from '../crypto/kdf.ts'
import { Damaged, Refused, Unavailable } from '../store/errors.ts'
import { openLevelStore } from '../store/level/open.ts'
import { openMemoryStore } from '../store/memory/memory-store.ts'
import type { Store } from '../store/store.ts'
import { relayOf } from './outgoing-mail.ts'
import { auditPath, storePath } from './places.ts'
import { setupFailure } from './setup-failure.ts'
import { readSiteKey, readSiteKeyBytes } from './site-key.ts'

export interface SiteOptions {
  readonly log: Log
  readonly clock?: Clock
  readonly guard?: LoginGuard
  /** How often owners are told of keys that expire; a command on the idle store tells nobody. */
  readonly keyNoticesMs?: number
  /** A store that is open already, for tests; closed by the site all the same. */
  readonly store?: Store
}

/** Accounts with what is below them. */
export interface SiteParts {
  readonly accounts: Accounts
  readonly backups: BackupApi
  readonly audit: AuditFile
  readonly store: Store
  /** Ends sessions, wipes keys, closes the store: in this order. */
  close(): Promise<void>
}

/** `[atrest]` as the account layer takes it: the domain's own settings, else the site's. */
export function rulesOf({ policy, adminRecovery, domains }: Config['atrest']): AtRestRules {
  const own = new Map(domains.map((rule) => [rule.name, rule] as const))
  return (domain) => {
    const set = own.get(domain)
    return {
      policy: set?.policy ?? policy,
      adminRecovery: set?.adminRecovery ?? adminRecovery,
    }
  }
}

/** `[atrest.kdf]` as the crypto layer takes it. */
export function kdfParameters({ memory, time, parallelism }: Config['atrest']['kdf']): KdfParameters {
  return { memoryKiB: Math.floor(memory / 1024), passes: time, parallelism }
}

async function openStore(config: Config, log: Log): Promise<Store> {
  if (config.store.backend === 'memory') return openMemoryStore()
  try {
    return await openLevelStore(storePath(config), { log })
  } catch (error) {
    throw storeFailure(error, config)
  }
}

/** What keeps the store from opening, with the exit code for it. */
function storeFailure(error: unknown, config: Config): unknown {
  const { unavailable, configuration, temporary } = exitCodes
  if (error instanceof Unavailable && error.reason === 'in-use') {
    return new Failure('store-in-use', temporary, 'another process has the store open', {
      cause: error,
      hint: 'two processes never share a data directory; `letterlock status` asks the one that runs',
    })
  }
  if (error instanceof Refused && error.reason === 'no-store') {
    return setupFailure(`there is no store in ${config.dataDir}`, {
      cause: error,
      hint: '`letterlock init` makes one',
    })
  }
  if (error instanceof Refused)
    return new Failure('configuration', configuration, error.message, { cause: error })
  if (error instanceof Unavailable || error instanceof Damaged) {
    return new Failure('store-unavailable', unavailable, error.message, {
      cause: error,
      hint: 'nothing was changed; look at the disk and its log before anything else',
    })
  }
  return error
}

/** Opens the site. Throws Failure when that cannot be, with nothing left open. */
export async function openParts(config: Config, options: SiteOptions): Promise<SiteParts> {
  const { log, clock = systemClock, guard } = options
  const siteKey = await readSiteKey(config.siteKeyFile)
  let store: Store | undefined
  try {
    store = options.store ?? (await openStore(config, log))
    const outgoing = await relayOf(config)
    const gate = new KdfGate({ parallel: config.auth.maxParallelKdf, queue: config.auth.kdfQueue })
    const audit = new AuditFile({ path: auditPath(config), siteKey, records: store.site, clock, log })
    const accounts = await openAccounts({
      audit,
      hostname: config.hostname,
      ...(outgoing ? { outgoing } : {}),
      recovery: {
        delayMs: config.recovery.delay,
        mail: config.recovery.mail,
        intoMailbox: config.recovery.intoMailbox,
        baseUrl: config.web.baseUrl,
      },
      store,
      siteKey,
      gate,
      kdf: kdfParameters(config.atrest.kdf),
      clock,
      log,
      ...(guard ? { guard } : {}),
      ...(config.store.backend === 'memory' ? {} : { witnesses: witnessesOf(config) }),
      maxMessageBytes: config.limits.messageSize,
      rules: rulesOf(config.atrest),
      localDomains: config.domains.local,
      ...(options.keyNoticesMs === undefined ? {} : { keyNoticesMs: options.keyNoticesMs }),
      sealing: {
        isEnabled: config.storage.encryption.enable,
        append: config.storage.encryption.append,
        smimeCipher: config.storage.encryption.smimeCipher,
      },
      recipientDelimiter: config.delivery.recipientDelimiter,
      lingerMs: config.atrest.linger,
      lockAfterMs: config.atrest.lockAfter,
      ...(config.quota.default === undefined ? {} : { defaultQuotaBytes: config.quota.default }),
    })
    const backups = makeBackups({
      ...{ store, siteKey, clock, gate, kdf: kdfParameters(config.atrest.kdf) },
      hint: `host ${config.hostname}\ndata ${config.dataDir}\n`,
      whileLocked: (account, reason, task) => accounts.whileLocked(account, reason, task),
      acceptRollback: (address) => accounts.rollbacks.acceptRollback(address),
      namesWereRestored: () => accounts.names.reload(),
      readSiteKey: () => readSiteKeyBytes(config.siteKeyFile),
    })
    return { accounts, backups, audit, store, close: closer(accounts, store, siteKey) }
  } catch (error) {
    await store?.close()
    siteKey.wipe()
    throw error
  }
}

function witnessesOf({ integrity }: Config): Witnesses {
  return { files: witnessesIn(integrity.witnessDir), intervalMs: integrity.witnessInterval }
}

function closer(accounts: Accounts, store: Store, siteKey: Disposable): () => Promise<void> {
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    try {
      await accounts.close()
    } finally {
      siteKey[Symbol.dispose]()
      await store.close()
    }
  }
  return () => (closing ??= close())
}

/** The idle store, for commands that find no server. Throws Failure 'store-in-use' and others. */
export async function openIdleSite(config: Config, log: Log): Promise<OpenSite> {
  const parts = await openParts(config, { log })
  return {
    accounts: parts.accounts,
    backups: parts.backups,
    audit: parts.audit,
    server: undefined,
    close: () => parts.close(),
  }
}
