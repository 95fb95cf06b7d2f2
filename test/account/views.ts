// Everything that can be seen of an account, as plain values to compare.
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { readAll, session } from './support.ts'

export interface SeenMessage {
  readonly uid: number
  readonly modSeq: number
  readonly flags: readonly string[]
  readonly sizeBytes: number
  readonly subject: string
}

export interface SeenMailbox {
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly highestModSeq: number
  readonly keywords: readonly string[]
  readonly annotations: Readonly<Record<string, string>>
  readonly messages: readonly SeenMessage[]
}

export interface SeenAccount {
  readonly mailboxes: Readonly<Record<string, SeenMailbox>>
  /** Of the account itself. */
  readonly annotations: Readonly<Record<string, string>>
  readonly subscriptions: readonly string[]
  readonly usedBytes: number
}

export const subjectOf = (message: Buffer): string =>
  /^Subject: (.*)\r$/m.exec(message.toString())?.[1] ?? '?'

/** Resolves when nothing waits for adoption. */
export async function adopted(accounts: Accounts, address: string): Promise<void> {
  for (let turns = 0; (await accounts.info(address)).pendingArrivals > 0; turns += 1) {
    if (turns > 100_000) throw new Error('mail waits for adoption and nobody adopts it')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const annotationsOf = (open: OpenAccount, mailbox?: string): Record<string, string> =>
  Object.fromEntries([...open.annotations(mailbox)].map(([entry, value]) => [entry, value.toString()]))

/** What a session sees, bodies included. */
export async function see(open: OpenAccount): Promise<SeenAccount> {
  const mailboxes: Record<string, SeenMailbox> = {}
  for (const { name } of open.mailboxes()) {
    const mailbox = await open.select(name, { isReadOnly: true })
    const messages: SeenMessage[] = []
    for (const uid of mailbox.uids()) {
      const state = mailbox.state(uid)
      if (!state) throw new Error('a UID without a state')
      const { modSeq, flags, sizeBytes } = state
      const body = await readAll(mailbox, uid)
      if (body.length !== sizeBytes) throw new Error('a message of another size')
      messages.push({ uid, modSeq, flags: [...flags], sizeBytes, subject: subjectOf(body) })
    }
    const { id, uidValidity, uidNext, highestModSeq, keywords } = mailbox
    const annotations = annotationsOf(open, name)
    mailboxes[name] = {
      id,
      uidValidity,
      uidNext,
      highestModSeq,
      keywords: [...keywords],
      annotations,
      messages,
    }
    mailbox.close()
  }
  const { usedBytes } = await open.quota()
  return { mailboxes, annotations: annotationsOf(open), subscriptions: [...open.subscriptions()], usedBytes }
}

/** Logs in with the first of `passwords` that opens the account. */
export async function enter(
  accounts: Accounts,
  address: string,
  passwords: readonly string[],
): Promise<OpenAccount> {
  let reason: unknown
  for (const text of passwords) {
    try {
      return await accounts.login(address, Buffer.from(text), session)
    } catch (error) {
      if (!isRefusal(error, 'authentication-failed')) throw error
      reason = error
    }
  }
  throw reason
}

/** Sums and orders that hold in every account. Throws what is wrong. */
export function check({ mailboxes, usedBytes }: SeenAccount): void {
  let octets = 0
  for (const [name, { uidNext, highestModSeq, messages }] of Object.entries(mailboxes)) {
    let before = 0
    for (const { uid, modSeq, sizeBytes } of messages) {
      if (uid <= before || uid >= uidNext) throw new Error(`UIDs of ${name} are out of order`)
      if (modSeq > highestModSeq) throw new Error(`a MODSEQ of ${name} is above the highest`)
      before = uid
      octets += sizeBytes
    }
  }
  if (octets !== usedBytes)
    throw new Error(`the messages have ${octets} octets, the account says ${usedBytes}`)
}
