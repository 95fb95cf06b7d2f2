// Repairs an account that nobody uses meanwhile: what can be found again is filed, what is left over goes, and what is lost is named.
import { equalBytes } from '../base/bytes.ts'
import { makeCard, openCard } from '../crypto/card.ts'
import { kemPublicKey } from '../crypto/kem.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { Progress } from './api-lifecycle.ts'
import type { Uid } from './api.ts'
import { checkpoint, type Stale } from './checkpoint.ts'
import { defaultMessageBytes } from '../base/limits.ts'
import { isRefusal } from './errors.ts'
import { noFlags } from './flags.ts'
import { cardKey, quarantineKey } from './keys.ts'
import { repairSealing, sealingState } from './pubkey-write.ts'
import { isDamage } from './refusing.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { adoptAll } from './adopt.ts'
import { adoptLeniently } from './repair-arrivals.ts'
import { bareFlags, file, rebuild, recoveredMailbox, recoveredName, type Rebuilt } from './repair-append.ts'
import { knownOf } from './repair-words.ts'
import { renewBodies } from './renew-bodies.ts'
import { bodyState, surveyAccount, type FoundMessage, type Survey } from './repair-survey.ts'
import { removal } from './removal.ts'
import { Staging } from './staged-append.ts'
import { toRanges } from './uid-ranges.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'
import { faultOfExpunges } from './vanished.ts'

/** What was done, and what is gone, in words for the owner. They may name mailboxes. */
export class RepairReport {
  readonly repaired: string[] = []
  readonly lost: string[] = []
  /** Messages that are gone, wholly or but for their headers. */
  lostMessages = 0

  loseMessages(count: number, text: string): void {
    this.lostMessages += count
    this.lost.push(text)
  }
}

export interface RepairOptions {
  readonly isDryRun: boolean
  readonly progress?: Progress
}

const strayAtOnce = 500
const quarantinedAtMost = 4_000
/** The first round stores them, another sees that nothing is left to do. */
const storeAgainTries = 3

class Repair {
  readonly #account: UnlockedAccount
  readonly #options: RepairOptions
  readonly #report: RepairReport
  readonly #aside = new Set<string>()

  constructor(account: UnlockedAccount, options: RepairOptions, report: RepairReport) {
    this.#account = account
    this.#options = options
    this.#report = report
  }

  async run(): Promise<void> {
    const { isDryRun } = this.#options
    const waiting = await adoptLeniently(this.#account, isDryRun)
    if (waiting.recovered > 0)
      this.#report.repaired.push(
        `${waiting.recovered} messages that waited and did not verify, into ${recoveredName}`,
      )
    if (waiting.lost > 0)
      this.#report.loseMessages(
        waiting.lost,
        `${waiting.lost} messages that waited and do not open, unless their bodies are found below`,
      )
    const survey = await surveyAccount(this.#account)
    try {
      for (const blob of survey.quarantined) this.#aside.add(blob)
      await this.#messages(survey)
      await this.#strays(survey)
    } finally {
      survey.wipe()
    }
    await this.#quarantine(survey)
    await this.counts()
    await this.#histories()
    await this.#card()
    await this.#ownKeys()
  }

  /** Mail can be sealed to the account again. */
  async #card(): Promise<void> {
    const { site, id, vault } = this.#account
    const stored = await this.#account.read((snapshot) => snapshot.get(cardKey))
    const own = kemPublicKey(vault.kemSeed(vault.epoch))
    if (stored && isOwnCard(site.siteKey, id, stored, own)) return
    this.#report.repaired.push('the delivery key')
    if (this.#options.isDryRun) return
    const card = makeCard(site.siteKey, id, vault.epoch, vault.keyset.version, own)
    await this.#account.commit(() => ({
      changes: [],
      value: undefined,
      write: (tx) => tx.put(cardKey, card),
    }))
  }

  /** A record of own keys that is not the owner's keeps the account from opening, and mail from being stored. */
  async #ownKeys(): Promise<void> {
    const state = await sealingState(this.#account)
    if (state === 'sound') return
    if (state === 'forgotten')
      this.#report.repaired.push('the keys of its owner, which the new chain did not know')
    else {
      this.#report.repaired.push('a record of own keys that its owner did not give')
      this.#report.lost.push(
        'the keys that mail was sealed to: mail is sealed to the account alone until they are added again (`letterlock atrest pubkey add`)',
      )
    }
    if (!this.#options.isDryRun) await repairSealing(this.#account)
  }

  /** Messages whose record or body is not as it must be, and bodies that no message has. */
  async #messages(survey: Survey): Promise<void> {
    const left = await this.#unclaimed(survey)
    let done = 0
    const total = survey.mailboxes.reduce((sum, { table }) => sum + table.messages, 0)
    for (const { table, found, damaged } of survey.mailboxes) {
      for (const uid of damaged) await this.#withoutRecord(table, uid, left)
      let bare = 0
      for (const message of found.values()) {
        const state = await bodyState(this.#account, message)
        if (state === 'bare') bare += 1
        else if (state !== 'whole') await this.#withoutBody(table, message, state)
        this.#options.progress?.((done += 1), total)
      }
      if (bare > 0) await this.#storeAgain(table, bare)
    }
    for (const rebuilt of left) {
      this.#report.repaired.push(
        `a message of ${rebuilt.content.sizeBytes} octets that no mailbox had, into ${recoveredName}`,
      )
      if (!this.#options.isDryRun)
        await file(this.#account, await recoveredMailbox(this.#account), { rebuilt, ...this.#undated() })
    }
  }

  /** Bodies in damaged frames get new ones: a rewrite of their segment would leave them behind. */
  async #storeAgain(table: MailboxTable, messages: number): Promise<void> {
    this.#report.repaired.push(
      `${table.name}: ${messages} ${messages === 1 ? 'body' : 'bodies'} in damaged places of the store, stored again`,
    )
    if (this.#options.isDryRun) return
    const course = { add: () => undefined }
    const isDamaged = (header: Uint8Array | undefined): boolean => header === undefined
    for (let tries = 0; tries < storeAgainTries; tries += 1)
      if (!(await renewBodies(this.#account, table, this.#account.vault.epoch, course, isDamaged))) return
  }

  #undated(): { flags: typeof noFlags; internalDate: number; zoneMinutes: number } {
    return { flags: noFlags, internalDate: this.#account.site.clock.now(), zoneMinutes: 0 }
  }

  /** Bodies that nobody names, made into messages again; those that do not open are kept aside. */
  async #unclaimed({ held, used, quarantined }: Survey): Promise<Rebuilt[]> {
    const found: Rebuilt[] = []
    for (const [blob, each] of held) {
      if (used.has(blob) || quarantined.has(blob)) continue
      const rebuilt = await rebuild(this.#account, each)
      if (rebuilt) found.push(rebuilt)
      else {
        this.#aside.add(blob)
        this.#report.lost.push(
          `a body of ${each.lengthBytes} sealed octets that does not open, kept aside as ${blob}`,
        )
      }
    }
    return found
  }

  /** A body of just its size, if there is only one, is its own. It gets a new UID: clients may have the old one as damaged. */
  async #withoutRecord(table: MailboxTable, uid: number, left: Rebuilt[]): Promise<void> {
    const row = table.row(uid)
    const fitting = left.filter(({ content }) => content.sizeBytes === row?.sizeBytes)
    const [rebuilt] = fitting
    if (rebuilt && row && fitting.length === 1) {
      left.splice(left.indexOf(rebuilt), 1)
      this.#report.repaired.push(`${table.name}: message ${uid}, from its body`)
      if (!this.#options.isDryRun) {
        const { internalDate, zoneMinutes } = row
        await file(this.#account, table, {
          rebuilt,
          flags: bareFlags(row.flagSet),
          internalDate,
          zoneMinutes,
        })
      }
    } else
      this.#report.loseMessages(
        1,
        `${table.name}: UID ${uid}, ${knownOf({ sizeBytes: row?.sizeBytes ?? 0, internalDate: row?.internalDate })}: ` +
          `its record is gone${left.length > 0 ? `; its body may be one of those in ${recoveredName}` : ''}`,
      )
    if (!this.#options.isDryRun) await this.#expunge(table, uid)
  }

  /** What is left of it, its header, stays in Recovered; a body that does not open is kept aside. */
  async #withoutBody(
    table: MailboxTable,
    message: FoundMessage,
    state: 'missing' | 'damaged',
  ): Promise<void> {
    const { uid, blob, header, sizeBytes } = message
    const internalDate = table.row(uid)?.internalDate
    this.#report.loseMessages(
      1,
      `${table.name}: UID ${uid}, ${knownOf({ sizeBytes, internalDate, header })}: its body ` +
        (state === 'missing' ? 'is gone' : `does not open, kept aside as ${blob}`),
    )
    const { isDryRun } = this.#options
    if (header.length > 0 && (isDryRun || (await this.#keepHeader(header, internalDate))))
      this.#report.repaired.push(`${table.name}: the header of UID ${uid}, into ${recoveredName}`)
    if (isDryRun) return
    await this.#expunge(table, uid)
    if (state === 'damaged') this.#aside.add(blob)
  }

  /** Resolves to whether there was room for it. */
  async #keepHeader(header: Buffer, internalDate: number | undefined): Promise<boolean> {
    const note = Buffer.from('[The text of this message was lost on the server; its header is above.]\r\n')
    const table = await recoveredMailbox(this.#account)
    const rules = { maxMessageBytes: defaultMessageBytes, mustBeOpen: () => undefined, by: this }
    const staged = new Staging(this.#account, table.name, rules)
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.concat([header, note])
    }
    try {
      await staged.add(source(), { flags: [], ...(internalDate === undefined ? {} : { internalDate }) })
      await staged.commit()
      return true
    } catch (error) {
      // It is told as lost all the same.
      if (!isRefusal(error)) throw error
      return false
    } finally {
      await staged.discard()
    }
  }

  async #expunge(table: MailboxTable, uid: number): Promise<void> {
    await this.#account.commit(async (): Promise<Commit<true>> => {
      const plan = await removal(this.#account, table, [uid as Uid], { damagedToo: true, keepsBodies: true })
      return {
        changes: [{ kind: 'expunge', mailbox: table.id, ranges: toRanges([uid]) }],
        value: true,
        write: (tx) => plan.write(tx),
      }
    })
  }

  async #strays({ strays }: Survey): Promise<void> {
    if (strays.length === 0) return
    this.#report.repaired.push(`${strays.length} records without a place removed`)
    if (this.#options.isDryRun) return
    for (let at = 0; at < strays.length; at += strayAtOnce)
      await this.#account.commit(() => ({
        changes: [],
        value: undefined,
        write(tx) {
          for (const { key } of strays.slice(at, at + strayAtOnce)) tx.delete(key)
        },
      }))
  }

  /** Verification passes over what is kept aside; it goes with the account. */
  async #quarantine({ quarantined }: Survey): Promise<void> {
    if (this.#aside.size === quarantined.size || this.#options.isDryRun) return
    const value = Buffer.concat([
      Buffer.of(1),
      ...[...this.#aside].slice(0, quarantinedAtMost).map((id) => Buffer.from(id, 'hex')),
    ])
    await this.#account.commit(() => ({
      ...{ changes: [], value: undefined },
      write: (tx) => tx.put(quarantineKey, value),
    }))
  }

  /** How often bodies are held, and what the quota counts. */
  async counts(): Promise<void> {
    const survey = await surveyAccount(this.#account)
    survey.wipe()
    const fixes: { readonly blob: Buffer; readonly by: number }[] = []
    for (const [blob, { blobId, count }] of survey.held) {
      const used = survey.used.get(blob) ?? 0
      if (used > 0 && used !== count) fixes.push({ blob: Buffer.from(blobId), by: used - count })
    }
    const octets = [...this.#account.state.mailboxes.values()].reduce(
      (sum, { sizeBytes }) => sum + sizeBytes,
      0,
    )
    // Octets of mail that waits stand in sealed records only: while there is some, what the quota counts cannot be compared.
    const delta = survey.waiting > 0 ? 0 : octets - survey.usageBytes
    if (fixes.length === 0 && delta === 0) return
    if (fixes.length > 0) this.#report.repaired.push(`${fixes.length} bodies were counted wrong`)
    if (delta !== 0) this.#report.repaired.push(`the quota counted ${survey.usageBytes} octets of ${octets}`)
    if (this.#options.isDryRun) return
    const { site, id } = this.#account
    // What is there is there, also above the quota.
    const quotaBytes = (await site.store.info(id))?.quotaBytes
    await this.#account.commit(() => ({
      ...{ changes: [], value: undefined },
      write(tx) {
        for (const { blob, by } of fixes)
          for (let step = Math.abs(by); step > 0; step -= 1) {
            if (by > 0) tx.link(blob)
            else tx.unlink(blob)
          }
        tx.addUsage(delta)
        if (delta > 0) tx.setQuota(undefined)
      },
    }))
    if (delta > 0 && quotaBytes !== undefined)
      await site.store.transact(id, async (tx) => tx.setQuota(quotaBytes))
  }

  /** Expunge histories that do not open are begun anew. */
  async #histories(): Promise<void> {
    const { state, vault } = this.#account
    const stale = new Map<MailboxTable, Stale>()
    for (const table of state.mailboxes.values()) {
      const fault = await this.#account.read((snapshot) => faultOfExpunges(snapshot, vault, table))
      if (fault !== undefined) stale.set(table, { pages: new Set(), expunges: true })
    }
    if (stale.size > 0) this.#report.repaired.push(`${stale.size} histories of expunged UIDs begun anew`)
    if (!this.#options.isDryRun) await checkpoint(this.#account, stale)
  }
}

function isOwnCard(siteKey: SiteKey, id: Buffer, stored: Uint8Array, own: Buffer): boolean {
  try {
    return equalBytes(openCard(siteKey, id, stored).publicKey, own)
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}

/**
 * Counts bodies, and octets for the quota, anew. Mail that waits is filed first: only then is its size known. What the site does not vouch for
 * is 'damaged', and for a repair to take in.
 */
export async function recount(account: UnlockedAccount, report: RepairReport): Promise<void> {
  await adoptAll(account)
  await new Repair(account, { isDryRun: false }, report).counts()
}

/** Repairs what an account that opens has wrong. */
export async function repairAccount(
  account: UnlockedAccount,
  options: RepairOptions,
  report: RepairReport,
): Promise<void> {
  await new Repair(account, options, report).run()
}
