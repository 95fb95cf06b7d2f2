// Brings the mail of a source into an account: what is there already stays as it is, and a second run adds nothing.
import type { OpenAccount, SpecialUse, Uid } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { normaliseLineEnds } from '../mail/normalise.ts'
import { sha256 } from '../crypto/digest.ts'
import { Appender } from './appender.ts'
import { sortFlags } from './flags.ts'
import { planMailboxes, type Planned } from './plan.ts'
import { Present } from './present.ts'
import { readBack, type Expected } from './read-back.ts'
import type { Source, SourceMessage, Trouble } from './source.ts'

export interface ImportOptions {
  /** Everything goes below this mailbox. */
  readonly into?: string
  readonly isDryRun: boolean
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
  readonly trouble: (trouble: Trouble) => void
}

export interface ImportedMailbox {
  /** Its name in the source, and here. */
  readonly from: string
  readonly name: string
  /** Messages of the source; `added + present + left` of them, those that are in other mailboxes too apart. */
  readonly found: number
  readonly added: number
  readonly present: number
  /** Stay behind: each was told as a trouble. */
  readonly left: number
  /** Of those added: read back, octet for octet the same. */
  readonly verified: number
}

interface Work {
  readonly planned: Planned
  readonly messages: readonly SourceMessage[]
}

/** One import; a value of it is used once. */
class Import {
  readonly #account: OpenAccount
  readonly #source: Source
  readonly #options: ImportOptions
  readonly #present = new Map<string, Present>()
  /** Messages that the source has shown in some mailbox, where it can tell that they are the same. */
  readonly #seen = new Set<string>()
  #steps = 0
  #total = 0

  constructor(account: OpenAccount, source: Source, options: ImportOptions) {
    this.#account = account
    this.#source = source
    this.#options = options
  }

  async run(): Promise<ImportedMailbox[]> {
    const { into, trouble } = this.#options
    for (const one of this.#source.troubles) trouble(one)
    const plan = planMailboxes(this.#source.mailboxes, this.#account.mailboxes(), into)
    const work: Work[] = []
    for (const planned of plan) {
      this.#options.signal.throwIfAborted()
      const messages = await planned.source.list(trouble)
      work.push({ planned, messages })
      // Reading a message and reading it back are a step each.
      this.#total += 2 * messages.length
    }
    try {
      const done: ImportedMailbox[] = []
      for (const one of work) done.push(await this.#mailbox(one))
      if (!this.#options.isDryRun) await this.#subscribe(plan)
      return done
    } finally {
      for (const present of this.#present.values()) present.close()
    }
  }

  #step(count: number): void {
    this.#steps += count
    // Long work is no idling: the account must not be locked under it.
    this.#account.active()
    this.#options.progress(Math.min(this.#steps, this.#total), this.#total)
  }

  async #mailbox({ planned, messages }: Work): Promise<ImportedMailbox> {
    const { source, name } = planned
    const { isDryRun, signal, trouble } = this.#options
    if (!isDryRun) await this.#make(name, planned.specialUse)
    const present = this.#present.get(name) ?? (await Present.of(this.#account, name))
    this.#present.set(name, present)
    const counts = { added: 0, present: 0, left: 0 }
    const leave = (label: string, reason: string): void => {
      counts.left += 1
      trouble({ mailbox: source.name, label, reason })
      this.#step(1)
    }
    const expected = new Map<Uid, Expected>()
    const appender = new Appender(this.#account, name)
    const dropped = new Set<string>()
    const { wanted, known, elsewhere } = await this.#wanted(planned, messages, present)
    counts.present += known
    this.#step(2 * (known + elsewhere))
    for await (const [message, read] of source.read(wanted, this.#account.maxMessageBytes)) {
      signal.throwIfAborted()
      if ('reason' in read) {
        this.#step(1)
        if (read.isNoMail) this.#step(1)
        else leave(message.label, read.reason)
        continue
      }
      const { octets, date } = read
      if (await present.claim(octets, date.epochMs)) {
        counts.present += 1
        this.#step(2)
        continue
      }
      this.#step(1)
      const flags = sortFlags(read.flags)
      for (const flag of flags.dropped) dropped.add(flag)
      if (isDryRun) {
        counts.added += 1
        this.#step(1)
        continue
      }
      const digest = sha256(octets)
      await appender.add({
        ...{ octets, date, flags: flags.kept },
        done: (outcome) => {
          if ('reason' in outcome) {
            leave(message.label, outcome.reason)
            return
          }
          counts.added += 1
          expected.set(outcome.uid, { digest, date })
          if (outcome.kept.length < flags.kept.length) {
            const reason = 'was taken without its keywords: the mailbox has as many as it can'
            trouble({ mailbox: source.name, label: message.label, reason })
          }
        },
      })
    }
    await appender.flush()
    for (const flag of dropped) {
      trouble({
        mailbox: source.name,
        label: `flag ${flag}`,
        reason: 'is no flag that IMAP has, and was left out',
      })
    }
    const verified = await this.#verify(planned, expected)
    return { from: source.name, name, found: messages.length, ...counts, verified }
  }

  /** Reads back what was added; what is not the same is told. Resolves to how many are. */
  async #verify({ source, name }: Planned, expected: ReadonlyMap<Uid, Expected>): Promise<number> {
    if (expected.size === 0) return 0
    const { equal, gone, different } = await readBack(this.#account, name, expected, () => this.#step(1))
    for (const uid of different) {
      const reason = 'is not what was read from the source: look at it with `letterlock atrest verify`'
      this.#options.trouble({ mailbox: source.name, label: `UID ${uid} in ${name}`, reason })
    }
    if (gone > 0) {
      const reason = 'went away or were moved by somebody else before they were read back'
      this.#options.trouble({ mailbox: source.name, label: `${gone} added messages`, reason })
    }
    return equal
  }

  /** What has to be read; the rest is here already, or in another mailbox of the source. */
  async #wanted(
    { source }: Planned,
    messages: readonly SourceMessage[],
    present: Present,
  ): Promise<{ wanted: SourceMessage[]; known: number; elsewhere: number }> {
    const wanted: SourceMessage[] = []
    let known = 0
    let elsewhere = 0
    const key = ({ sizeBytes, date }: SourceMessage): string => `${sizeBytes ?? ''} ${date?.epochMs ?? ''}`
    const counts = new Map<string, number>()
    for (const message of messages) counts.set(key(message), (counts.get(key(message)) ?? 0) + 1)
    for (const message of messages) {
      this.#options.signal.throwIfAborted()
      const { identity } = message
      if (source.isCollection && identity !== undefined && this.#seen.has(identity)) {
        elsewhere += 1
        continue
      }
      if (identity !== undefined) this.#seen.add(identity)
      const isAlone = counts.get(key(message)) === 1
      if (isAlone && (await this.#isKnownByHeader(source, message, present))) known += 1
      else wanted.push(message)
    }
    return { wanted, known, elsewhere }
  }

  /** Where reading is dear: the only message of this size and second, here and there, with the same header, is the same. */
  async #isKnownByHeader(
    source: Planned['source'],
    message: SourceMessage,
    present: Present,
  ): Promise<boolean> {
    const { sizeBytes, date } = message
    if (!source.header || sizeBytes === undefined || !date) return false
    const uid = present.only(sizeBytes, date.epochMs)
    if (uid === undefined) return false
    const theirs = await source.header(message)
    return theirs !== undefined && present.claimByHeader(uid, normaliseLineEnds(theirs))
  }

  async #make(name: string, specialUse: SpecialUse | undefined): Promise<void> {
    if (this.#account.mailbox(name)) return
    const isFree = specialUse && !this.#account.mailboxes().some((one) => one.specialUse === specialUse)
    try {
      await this.#account.createMailbox(name, isFree ? { specialUse } : {})
    } catch (error) {
      if (!isRefusal(error, 'mailbox-exists')) throw error
    }
  }

  /** Where the source does not say what is subscribed, everything is: many programs show nothing else. */
  async #subscribe(plan: readonly Planned[]): Promise<void> {
    const { subscriptions } = this.#source
    for (const { source, name } of plan) {
      if (subscriptions && !subscriptions.includes(source.name)) continue
      await this.#account.subscribe(name)
    }
  }
}

/**
 * Imports a source. Refuses as `OpenAccount` does, with 'over-quota' and 'unavailable' above all, and throws TransferFailure when
 * the source breaks off: what came until then is kept, and the same call goes on with the rest.
 */
export function importMail(
  account: OpenAccount,
  source: Source,
  options: ImportOptions,
): Promise<ImportedMailbox[]> {
  return new Import(account, source, options).run()
}
