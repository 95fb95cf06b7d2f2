// Which mailbox of the source goes where: special use by special use, everything else by name.
import type { MailboxInfo, SpecialUse } from '../account/api.ts'
import { canonicalName, parentsOf } from '../account/names.ts'
import { fitName } from './names.ts'
import type { SourceMailbox } from './source.ts'
import { specialUseByName } from './special-use.ts'

export interface Planned {
  readonly source: SourceMailbox
  /** Where its messages go. */
  readonly name: string
  /** For a mailbox that has to be made. */
  readonly specialUse: SpecialUse | undefined
}

/** The level that tells what a mailbox is for: only those at the top, or right below INBOX, are asked. */
function tellingLevel(name: string): string | undefined {
  const levels = name.split('/')
  const own = levels.length > 1 && levels[0] === 'INBOX' ? levels.slice(1) : levels
  return own.length === 1 && own[0] !== 'INBOX' ? own[0] : undefined
}

/** One mailbox for each use: the one that says so, else the best known name, else the first good guess. */
function usesOf(mailboxes: readonly SourceMailbox[]): Map<SourceMailbox, SpecialUse> {
  const uses = new Map<SpecialUse, SourceMailbox>()
  const claim = (use: SpecialUse, mailbox: SourceMailbox): void => {
    if (!uses.has(use) && ![...uses.values()].includes(mailbox)) uses.set(use, mailbox)
  }
  for (const mailbox of mailboxes) if (mailbox.specialUse) claim(mailbox.specialUse, mailbox)
  for (const isCertain of [true, false]) {
    for (const mailbox of mailboxes) {
      const level = mailbox.specialUse ? undefined : tellingLevel(mailbox.name)
      const told = level === undefined ? undefined : specialUseByName(level)
      if (told?.isCertain === isCertain) claim(told.use, mailbox)
    }
  }
  return new Map([...uses].map(([use, mailbox]) => [mailbox, use]))
}

/**
 * Gives each mailbox of the source its place. With `into`, everything goes below that name (INBOX to that name itself), and what a
 * mailbox is for does not count. Collections come last.
 */
export function planMailboxes(
  mailboxes: readonly SourceMailbox[],
  present: readonly MailboxInfo[],
  into: string | undefined,
): Planned[] {
  const uses = into === undefined ? usesOf(mailboxes) : new Map<SourceMailbox, SpecialUse>()
  const placeOf = (use: SpecialUse): string | undefined =>
    present.find(({ specialUse }) => specialUse === use)?.name
  const moved = new Map<string, string>()
  for (const [mailbox, use] of uses) {
    const place = placeOf(use)
    if (place !== undefined) moved.set(canonicalName(mailbox.name), place)
  }
  const ordered = [...mailboxes].sort(
    (a, b) => Number(a.isCollection ?? false) - Number(b.isCollection ?? false),
  )
  const named = ordered.map((source) => {
    const given = canonicalName(source.name)
    const name = into === undefined ? movedName(given, moved) : given === 'INBOX' ? into : `${into}/${given}`
    return { source, given, name, fitted: fitName(name.split('/')) }
  })
  // Whoever can have their own name has it, whatever the others have to become.
  const taken = new Map(
    named.filter(({ name, fitted }) => name === fitted).map(({ name, given }) => [name, given]),
  )
  return named.map(({ source, given, name, fitted }): Planned => {
    if (source.isCollection && into === undefined) {
      return { source, name: placeOf('\\Archive') ?? 'Archive', specialUse: '\\Archive' }
    }
    const own = fitted === name ? name : freeName(fitted, given, taken)
    taken.set(own, given)
    return { source, name: own, specialUse: uses.get(source) }
  })
}

/** Mailboxes below one that goes elsewhere go along. */
function movedName(name: string, moved: ReadonlyMap<string, string>): string {
  const from = [...parentsOf(name), name].reverse().find((one) => moved.has(one))
  return from === undefined ? name : `${moved.get(from) ?? from}${name.slice(from.length)}`
}

/** Two names that only differ in what cannot be kept must not become one mailbox. */
function freeName(fitted: string, given: string, taken: ReadonlyMap<string, string>): string {
  for (let number = 2; ; number += 1) {
    const name = number === 2 && !taken.has(fitted) ? fitted : `${fitted} ${number}`
    if (!taken.has(name) || taken.get(name) === given) return name
  }
}
