// Who hears of what a commit did: sessions with a mailbox selected, and those that watch the account as a whole.
import type { AccountEvent } from './account-event.ts'
import type { Log } from '../base/ports.ts'
import type { Effect } from './account-state.ts'
import type { MailboxEvent, ModSeq, Uid } from './api.ts'
import { isBelow } from './names.ts'

export interface Watcher {
  /** Hears of each committed change of its mailbox, in order. Must not throw. */
  notify(event: MailboxEvent): void
  /** May claim fresh mail as \Recent (a read-write selection). */
  readonly claimsRecent: boolean
}

type Listener = (event: AccountEvent) => void

export class Watchers {
  readonly #log: Log
  readonly #ofMailbox = new Map<string, Set<Watcher>>()
  readonly #ofAccount = new Set<Listener>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Until the returned function is called. */
  watch(mailbox: string, watcher: Watcher): () => void {
    const watchers = this.#ofMailbox.get(mailbox) ?? new Set()
    this.#ofMailbox.set(mailbox, watchers)
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
      // Called twice, it must not part others from a mailbox that they have opened since.
      if (watchers.size === 0 && this.#ofMailbox.get(mailbox) === watchers) this.#ofMailbox.delete(mailbox)
    }
  }

  /** Until the returned function is called. */
  watchAll(listener: Listener): () => void {
    this.#ofAccount.add(listener)
    return () => this.#ofAccount.delete(listener)
  }

  /** The session that fresh mail of this mailbox is \Recent for, if any. */
  recentClaimant(mailbox: string): Watcher | undefined {
    return [...(this.#ofMailbox.get(mailbox) ?? [])].find((watcher) => watcher.claimsRecent)
  }

  /** Tells what one commit did. */
  announce(effects: readonly Effect[], version: number, by: object | undefined): void {
    for (const effect of effects) {
      const event = mailboxEvent(effect, version as ModSeq, by)
      if (event && 'mailbox' in effect) this.#tell(effect.mailbox, event)
    }
    if (this.#ofAccount.size === 0) return
    for (const effect of effects) {
      const event = accountEvent(effect, effects, by)
      if (event) for (const listener of [...this.#ofAccount]) this.#guarded(() => listener(event))
    }
  }

  /** The account cannot be used any more. */
  giveUp(): void {
    for (const mailbox of [...this.#ofMailbox.keys()]) this.#tell(mailbox, { kind: 'gone' })
  }

  #tell(mailbox: string, event: MailboxEvent): void {
    for (const watcher of [...(this.#ofMailbox.get(mailbox) ?? [])])
      this.#guarded(() => watcher.notify(event))
  }

  /** A watcher that throws must not keep the others, or the commit, from going on. */
  #guarded(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#log.write('error', 'account.watcher-failed', {
        reason: error instanceof Error ? error.name : typeof error,
      })
    }
  }
}

/** Joins a run of messages of one kind in one mailbox, as one command or one batch of arrivals makes them. */
export function joined(effects: readonly Effect[]): Effect[] {
  const runs: Effect[] = []
  for (const effect of effects) {
    const last = runs.at(-1)
    if (
      last &&
      'uids' in last &&
      'uids' in effect &&
      last.kind === effect.kind &&
      last.mailbox === effect.mailbox
    ) {
      for (const uid of effect.uids) last.uids.push(uid)
    } else runs.push(effect)
  }
  // What one change did is in order.
  if (effects.length > 1)
    for (const run of runs) if ('uids' in run && run.kind !== 'append') run.uids.sort((a, b) => a - b)
  return runs
}

function mailboxEvent(effect: Effect, modSeq: ModSeq, by: object | undefined): MailboxEvent | undefined {
  switch (effect.kind) {
    case 'append':
    case 'expunge':
    case 'flags':
      return { kind: effect.kind, uids: effect.uids as Uid[], modSeq, by }
    case 'keyword':
      return { kind: 'keyword', keyword: effect.keyword }
    case 'deleted':
      return { kind: 'gone' }
    default:
      return undefined
  }
}

function accountEvent(
  effect: Effect,
  all: readonly Effect[],
  by: object | undefined,
): AccountEvent | undefined {
  if (effect.kind === 'keyword') return undefined
  if ('uids' in effect) return { ...effect, uids: effect.uids as Uid[], by }
  if (effect.kind === 'renamed') {
    // RFC 5465 §5.4: what is below a renamed mailbox went along, and is not told of.
    const wentAlong = all.some(
      (other) =>
        other.kind === 'renamed' && isBelow(effect.from, other.from) && isBelow(effect.name, other.name),
    )
    return wentAlong ? undefined : { ...effect, by }
  }
  return { ...effect, by }
}
