// Opens what the server and the commands on an idle store have in common: site key, store, accounts.
import { setTimeout as delay } from 'node:timers/promises'
import { openAccounts } from '../account/accounts.ts'
import type { Accounts } from '../account/api.ts'
import type { AtRestRules } from '../account/at-rest-rules.ts'
import type { LoginGuard } from '../account/login-guard.ts'
import { Damage } from '../account/errors.ts'
import { isStoreOf } from '../account/site-record.ts'
import type { Witnesses } from '../account/witness.ts'
import { witnessesIn } from '../account/witness-files.ts'
import type { BackupApi } from '../backup/api.ts'
import { AuditFile } from '../audit/audit-log.ts'
import { makeBackups } from '../backup/backups.ts'
import { exitCodes } from '../admin/exit-code.ts'
import { Failure } from '../admin/failure.ts'
import { PartialDeliveries } from '../delivery/partial.ts'
import type { OpenSite } from '../admin/command.ts'
import { systemClock, type Clock, type Log } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'
import { KdfGate, type KdfParameters } from '../crypto/kdf.ts'
import type { SiteKey } from '../crypto/site-key.ts'
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
  /** How long to wait for another process, a command, to let go of the store. None by default. */
  readonly storeWaitMs?: number
  /** Ends the waiting. */
  readonly signal?: AbortSignal
}

/** Accounts with what is below them. */
export interface SiteParts {
  readonly accounts: Accounts
  readonly backups: BackupApi
  readonly audit: AuditFile
  readonly store: Store
  /** Who has mail that was asked for again. */
  readonly partial: PartialDeliveries
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

/** How often somebody who waits for the store looks. */
const lookMs = 200

async function openStore(config: Config, options: SiteOptions): Promise<Store> {
  if (config.store.backend === 'memory') return openMemoryStore()
  const { log, signal, storeWaitMs = 0 } = options
  const until = performance.now() + storeWaitMs
  for (let isTold = false; ;) {
    try {
      return await openLevelStore(storePath(config), { log })
    } catch (error) {
      const isInUse = error instanceof Unavailable && error.reason === 'in-use'
      if (!isInUse || signal?.aborted || performance.now() >= until) throw storeFailure(error, config)
    }
    if (!isTold) log.write('warn', 'store.in-use', { waitsMs: storeWaitMs })
    isTold = true
    await delay(lookMs)
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

/** A key of another site would vouch for what it writes, and find everything else forged. Throws Failure 'configuration'. */
async function requireOwnStore(store: Store, siteKey: SiteKey, config: Config): Promise<void> {
  let isOwn: boolean
  try {
    isOwn = await isStoreOf(store, siteKey)
  } catch (error) {
    if (error instanceof Damage) throw setupFailure(error.message, { cause: error })
    throw storeFailure(error, config)
  }
  if (isOwn) return
  throw setupFailure(
    `the site key ${config.siteKeyFile} is of another site than the store in ${config.dataDir}`,
    { hint: 'nothing was changed; put back the key that belongs to it: `letterlock site-key load`' },
  )
}

/** Opens the site. Throws Failure when that cannot be, with nothing left open. */
export async function openParts(config: Config, options: SiteOptions): Promise<SiteParts> {
  const { log, clock = systemClock, guard } = options
  const siteKey = await readSiteKey(config.siteKeyFile)
  let store: Store | undefined
  try {
    store = options.store ?? (await openStore(config, options))
    await requireOwnStore(store, siteKey, config)
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
      scramIterations: config.auth.scram ? config.auth.scramIterations : undefined,
      clock,
      log,
      ...(guard ? { guard } : {}),
      ...(config.store.backend === 'memory' ? {} : { witnesses: witnessesOf(config) }),
      maxMessageBytes: config.limits.messageSize,
      language: config.language,
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
    const partial = await PartialDeliveries.open({ records: store.site, siteKey, log }, clock.now())
    const backups = makeBackups({
      ...{ store, siteKey, clock, gate, kdf: kdfParameters(config.atrest.kdf) },
      hint: `host ${config.hostname}\ndata ${config.dataDir}\n`,
      whileLocked: (account, reason, task) =>
        accounts.whileLocked(account, reason, async () => {
          await partial.forgetAll()
          return task()
        }),
      acceptRollback: (address) => accounts.rollbacks.acceptRollback(address),
      namesWereRestored: () => accounts.names.reload(),
      readSiteKey: () => readSiteKeyBytes(config.siteKeyFile),
    })
    return { accounts, backups, audit, store, partial, close: closer(accounts, store, siteKey) }
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
