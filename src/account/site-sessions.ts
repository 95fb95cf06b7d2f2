// Who is connected, over all accounts, and ending that.
import type { SessionRow } from './api.ts'
import { noteAudit } from './audit.ts'
import { canonicalAddress } from './directory.ts'
import type { LockedMail } from './locked-mail.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

export interface SessionParts {
  readonly site: Site
  readonly unlocked: UnlockedAccounts
  readonly lockedMail: LockedMail
}

/** All sessions of an address, or one. */
export type Whose = { readonly address: string } | { readonly sessionId: string }

/** Those of unlocked accounts, and those that see nothing but why the mail is locked. */
export function sessionRows({ unlocked, lockedMail }: SessionParts): readonly SessionRow[] {
  const rows = unlocked.sessions().map(({ sessionId, address, info, since, slot, client }) => ({
    ...{ sessionId, address, since, client, slotKind: slot.kind },
    ...{ protocol: info.protocol, remoteAddress: info.remoteAddress, isTls: info.isTls },
    ...{ slotId: slot.id.slice(0, 8), slotName: slot.label?.name },
  }))
  return [...rows, ...lockedMail.sessions()]
}

/** Ends sessions and wipes their keys. Resolves to how many. See `Accounts.kick`. */
export async function kickSessions(
  parts: SessionParts,
  who: Whose,
  reason: string,
  by?: 'owner',
): Promise<number> {
  const whose = 'address' in who ? canonicalAddress(who.address) : addressOf(parts, who.sessionId)
  const ended = await end(parts, who, reason)
  if (by !== undefined && whose !== undefined && ended > 0)
    await noteAudit(parts.site, { event: 'session.kicked', address: whose, by })
  return ended
}

function addressOf(parts: SessionParts, sessionId: string): string | undefined {
  return sessionRows(parts).find((row) => row.sessionId === sessionId)?.address
}

async function end({ unlocked, lockedMail }: SessionParts, who: Whose, reason: string): Promise<number> {
  if ('address' in who) {
    const address = canonicalAddress(who.address)
    const found = unlocked.entries().filter((entry) => entry.address === address)
    const ended = await Promise.all(found.map(({ account }) => unlocked.lock(account.id, reason)))
    return ended.reduce(
      (sum, count) => sum + count,
      lockedMail.end((row) => row.address === address, reason),
    )
  }
  const sessions = unlocked.sessions().filter(({ sessionId }) => sessionId === who.sessionId)
  await unlocked.end(sessions, reason)
  return sessions.length + lockedMail.end((row) => row.sessionId === who.sessionId, reason)
}
