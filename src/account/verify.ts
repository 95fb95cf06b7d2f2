// Verifies an unlocked account: everything that is stored authenticates, every reference resolves, and nothing else lies about.
import { breathe } from '../base/async.ts'
import type { MessageContent, OpenAccount, SelectedMailbox, Uid } from './api.ts'
import { isRefusal } from './errors.ts'
import { openContents } from './message-parts.ts'
import { compareStates } from './verify-state.ts'
import type { Finding, VerifyReport } from './verify-report.ts'
import { verifyStored, type StoredFacts } from './verify-stored.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Findings told one by one; of more only the number. */
const findingsAtMost = 1_000
/** Tries to see stored bodies and messages at one version, while others may be changing them. */
const quietTries = 3

export interface VerifyOptions {
  /** Messages done, and messages there are. */
  readonly progress?: (done: number, total: number) => void
  /** Stops between two messages. */
  readonly signal?: AbortSignal
}

class Findings {
  readonly list: Finding[] = []
  count = 0

  readonly add = (finding: Finding): void => {
    this.count += 1
    if (this.list.length < findingsAtMost) this.list.push(finding)
  }
}

/** A body that messages refer to: how many of them, the first one, and whether it opens. */
interface Used {
  count: number
  readonly mailbox: string
  readonly uid: number
  opens: boolean
}

/** What the messages of all mailboxes refer to. */
interface Read {
  readonly messages: number
  readonly octets: number
  readonly bodies: ReadonlyMap<string, Readonly<Used>>
}

class Reading {
  readonly #open: OpenAccount
  readonly #options: VerifyOptions
  readonly #add: (finding: Finding) => void
  readonly bodies = new Map<string, Used>()
  messages = 0
  octets = 0
  #total = 0

  constructor(open: OpenAccount, options: VerifyOptions, add: (finding: Finding) => void) {
    this.#open = open
    this.#options = options
    this.#add = add
  }

  async all(): Promise<Read> {
    const mailboxes = this.#open.mailboxes()
    for (const { id } of mailboxes) this.#total += this.#open.statusNow(id)?.messages ?? 0
    for (const { name } of mailboxes) await this.#mailbox(name)
    return this
  }

  async #mailbox(name: string): Promise<void> {
    let mailbox: SelectedMailbox
    try {
      mailbox = await this.#open.select(name, { isReadOnly: true })
    } catch (error) {
      // Somebody deleted or renamed it since.
      if (isRefusal(error, 'mailbox-not-found')) return
      if (!isRefusal(error, 'damaged')) throw error
      this.#add({ kind: 'damaged', mailbox: name, text: error.message })
      return
    }
    try {
      await this.#messagesOf(mailbox)
    } finally {
      mailbox.close()
    }
  }

  async #messagesOf(mailbox: SelectedMailbox): Promise<void> {
    const { name } = mailbox
    for await (const opened of openContents(mailbox, mailbox.uids())) {
      this.#options.signal?.throwIfAborted()
      this.messages += 1
      this.#options.progress?.(Math.min(this.messages, this.#total), this.#total)
      const { uid } = opened
      if ('damage' in opened) {
        if (mailbox.state(uid))
          this.#add({ kind: 'damaged', mailbox: name, uid, text: 'its record does not open' })
        continue
      }
      const { content } = opened
      const body = content.bodyId ?? content.emailId
      const used = this.bodies.get(body) ?? { count: 0, mailbox: name, uid, opens: false }
      used.count += 1
      this.bodies.set(body, used)
      this.octets += content.sizeBytes
      const state = mailbox.state(uid)
      if (state && state.sizeBytes !== content.sizeBytes)
        this.#add({ kind: 'differs', mailbox: name, uid, text: 'its size is not the one of its record' })
      if (await this.#opens(mailbox, uid, content)) used.opens = true
    }
  }

  async #opens(
    mailbox: SelectedMailbox,
    uid: Uid,
    content: Pick<MessageContent, 'sizeBytes' | 'read'>,
  ): Promise<boolean> {
    let octets = 0
    try {
      for await (const piece of content.read(0, content.sizeBytes)) {
        octets += piece.length
        await breathe()
      }
      if (octets !== content.sizeBytes) throw new RangeError('short')
      return true
    } catch (error) {
      if (isRefusal(error, 'message-expunged') || !mailbox.state(uid)) return false
      if (!isRefusal(error, 'damaged') && !(error instanceof RangeError)) throw error
      this.#add({ kind: 'damaged', mailbox: mailbox.name, uid, text: 'its body is missing or does not open' })
      return false
    }
  }
}

const placeOf = ({ mailbox, uid }: Used): { readonly mailbox: string; readonly uid: number } => ({
  mailbox,
  uid,
})

const bareBody = (blob: string): string =>
  `what stands before its body ${blob} in the store is damaged: it opens, and is lost if its record is; a repair stores it again`

/** Bodies by what messages say and by what is stored; only of one version, since both change. */
function compareBodies(read: Read, stored: StoredFacts, add: (finding: Finding) => void): void {
  const wanted = new Map<string, number>()
  for (const [blob, { count }] of read.bodies) wanted.set(blob, count)
  for (const blob of stored.waitingBodies) wanted.set(blob, (wanted.get(blob) ?? 0) + 1)
  for (const [blob, count] of wanted) {
    const held = stored.bodies.get(blob) ?? 0
    const used = read.bodies.get(blob)
    if (held === 0 && used?.opens) add({ kind: 'damaged', ...placeOf(used), text: bareBody(blob) })
    else if (held === 0)
      add({
        ...{ kind: 'missing', ...(used ? placeOf(used) : {}) },
        text: used ? `body ${blob} of ${count} messages` : `body ${blob} of mail that waits`,
      })
    else if (held !== count)
      add({ kind: 'differs', text: `body ${blob} is counted ${held} times and used ${count} times` })
  }
  for (const blob of stored.bodies.keys())
    if (!wanted.has(blob)) add({ kind: 'stray', text: `body ${blob} that no message has` })
  if (stored.waitingBodies.length === 0 && stored.usageBytes !== read.octets)
    add({ kind: 'differs', text: `the quota counts ${stored.usageBytes} octets of ${read.octets}` })
}

/**
 * Reads everything of an account, octet for octet. Others may use it meanwhile; what they change is not taken for damage. Throws Refusal
 * 'unavailable'; what is wrong with the account itself is in the report.
 */
export async function verifyAccount(
  account: UnlockedAccount,
  open: OpenAccount,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const findings = new Findings()
  await compareStates(account, findings.add)
  for (let tries = 1; ; tries += 1) {
    const attempt = new Findings()
    const before = await versionOf(account)
    const read = await new Reading(open, options, attempt.add).all()
    const stored = await verifyStored(account, attempt.add)
    const isQuiet = before === (await versionOf(account))
    if (!isQuiet && tries < quietTries) continue
    if (isQuiet) compareBodies(read, stored, attempt.add)
    for (const finding of attempt.list) findings.add(finding)
    return {
      mailboxes: account.state.mailboxes.size,
      messages: read.messages,
      octets: read.octets,
      records: stored.records,
      areBodiesCompared: isQuiet,
      findings: findings.list,
      findingCount: findings.count + attempt.count - attempt.list.length,
    }
  }
}

/** Asked while no commit runs: what one has written has a version before this process goes by it, and messages would be read as they were before. */
async function versionOf(account: UnlockedAccount): Promise<number> {
  const { site, id } = account
  return account.exclusive(async () => (await site.store.info(id))?.version ?? 0)
}
