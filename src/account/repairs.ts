// Repair as owners and admins ask for it (RepairApi): the account is locked for everybody else meanwhile.
import type { OwnerSecret, Progress, RepairApi, RepairedAccount, SiteFinding } from './api-lifecycle.ts'
import type { Credentials } from './credentials.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal, Refusal } from './errors.ts'
import { fsckSite } from './fsck-site.ts'
import { rebuildState } from './rebuild-state.ts'
import { isDamage, refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { recount, repairAccount, RepairReport } from './repair.ts'
import { versionsIn } from './rollback-watch.ts'
import { checkSlotsAreCurrent } from './slots.ts'
import { addToTrail } from './trail.ts'
import { raiseUidValidities } from './uid-validity.ts'
import { UnlockedAccount, type Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'
import type { VerifyReport } from './verify-report.ts'
import { verifyAccount } from './verify.ts'
import { checkWitness, rolledBack } from './witness.ts'

interface Parts {
  readonly site: Site
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly credentials: Credentials
}

const reason = 'The account is being repaired'
const unread: VerifyReport = {
  ...{ mailboxes: 0, messages: 0, octets: 0, records: 0, areBodiesCompared: false },
  ...{ findings: [], findingCount: 0 },
}

export class Repairs implements RepairApi {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async repair(
    address: string,
    secret: OwnerSecret,
    { isDryRun, progress }: { readonly isDryRun: boolean; readonly progress?: Progress },
  ): Promise<RepairedAccount> {
    const { registry, site } = this.#parts
    const entry = await registry.entry(address)
    const report = new RepairReport()
    const options = { isDryRun, ...(progress ? { progress } : {}) }
    const opens = await this.#alone(entry, secret, async (account) => {
      const isSound = await this.#opens(account, isDryRun)
      if (!isSound && isDryRun) {
        report.repaired.push('it does not open: a new chain would be made over what authenticates')
        return false
      }
      if (!isSound) await rebuildState(account, report)
      await repairAccount(account, options, report)
      if (isDryRun || report.repaired.length + report.lost.length === 0) return true
      const detail = [
        `${report.repaired.length} repaired, ${report.lost.length} lost, of it ${report.lostMessages} messages`,
        ...report.lost.slice(0, 20).map((what) => `lost: ${what}`),
      ].join('; ')
      await addToTrail(account, [
        { kind: 'repaired', by: secret.kind === 'site' ? 'admin' : 'owner', detail },
      ])
      return true
    })
    const { repaired, lost, lostMessages } = report
    if (!isDryRun && repaired.length + lost.length > 0)
      await site.audit.write({
        ...{ event: 'repaired', address: entry.address, by: secret.kind === 'site' ? 'admin' : 'owner' },
        detail: { repaired: repaired.length, lost: lost.length, lostMessages },
      })
    return {
      ...(opens ? await this.#verified(entry, secret, isDryRun) : unread),
      repaired,
      lost,
      lostMessages,
    }
  }

  async #verified(entry: DirectoryEntry, secret: OwnerSecret, isDryRun: boolean): Promise<VerifyReport> {
    try {
      const session = await this.#parts.credentials.openFor(entry, secret)
      try {
        return await refusing(() => verifyAccount(session.account, session))
      } finally {
        await session.close()
      }
    } catch (error) {
      // Nothing was repaired: what keeps it from opening is in the report.
      if (isDryRun && isRefusal(error, 'damaged')) return unread
      throw error
    }
  }

  async recountQuota(address: string, secret: OwnerSecret): Promise<number> {
    const entry = await this.#parts.registry.entry(address)
    await this.#alone(entry, secret, async (account) => {
      await this.#mustOpen(account)
      await recount(account, new RepairReport())
    })
    return (await refusing(() => this.#parts.site.store.info(entry.account)))?.usageBytes ?? 0
  }

  async bumpUidValidity(address: string, secret: OwnerSecret, mailbox?: string): Promise<number> {
    const entry = await this.#parts.registry.entry(address)
    return this.#alone(entry, secret, async (account) => {
      await this.#mustOpen(account)
      const tables = mailbox === undefined ? [...account.state.mailboxes.values()] : [account.named(mailbox)]
      await raiseUidValidities(account, tables)
      return tables.length
    })
  }

  fsckSite(): AsyncGenerator<SiteFinding> {
    return fsckSite(this.#parts.site)
  }

  async #mustOpen(account: UnlockedAccount): Promise<void> {
    if (!(await this.#opens(account, false)))
      throw new Refusal('damaged', 'The account does not open: it has to be repaired first')
  }

  #alone<T>(
    entry: DirectoryEntry,
    secret: OwnerSecret,
    task: (account: UnlockedAccount) => Promise<T>,
  ): Promise<T> {
    const { site, unlocked, credentials } = this.#parts
    return unlocked.whileLocked(entry.account, reason, async () => {
      const vault = await credentials.keysOf(entry, secret)
      const account = new UnlockedAccount(site, entry.account, vault, entry.address)
      try {
        return await refusing(() => task(account))
      } finally {
        await account.lock()
      }
    })
  }

  /** Whether its records agree. Refuses with 'rolled-back' what is older than its witness: that is to be accepted first, not repaired over. */
  async #opens(account: UnlockedAccount, isDryRun: boolean): Promise<boolean> {
    const { rollbacks } = this.#parts.unlocked
    const reading = await rollbacks.read(account.id)
    let version: number
    try {
      version = await account.load(versionsIn(reading))
      await checkSlotsAreCurrent(account)
      for (const table of account.state.mailboxes.values()) await account.loadRowsNow(table)
    } catch (error) {
      if (!isDamage(error) && !isRefusal(error, 'damaged')) throw error
      const present = (await this.#parts.site.store.info(account.id))?.version ?? 0
      const { witness, acceptance } = reading ?? {}
      if (witness && witness.version > present && !acceptance)
        throw rolledBack(
          { seenVersion: witness.version, seenAt: witness.at, presentVersion: present },
          undefined,
        )
      return false
    }
    const { witnesses } = rollbacks
    if (witnesses && reading && !isDryRun) await checkWitness(account, witnesses.files, reading, version)
    return true
  }
}
