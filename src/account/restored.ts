// An account that came back from a backup: a mark says so until its next unlock, which gives its mailboxes new UIDVALIDITYs.
import { ByteReader, ByteWriter } from '../base/bytes.ts'
import type { Transaction } from '../store/store.ts'
import { restoredKey } from './keys.ts'
import { decoded } from './replay.ts'
import { raiseUidValidities } from './uid-validity.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** More UIDVALIDITYs than an account gives between a backup and its end, ahead of the clock. */
const givenSince = 65_536

/** When it was restored, in milliseconds since 1970. */
export interface Restored {
  readonly at: number
}

export const encodeRestored = ({ at }: Restored): Buffer => new ByteWriter().u8(1).i64(at).finish()

export function decodeRestored(bytes: Uint8Array): Restored {
  return decoded('mark of a restore', () => {
    const from = new ByteReader(bytes)
    from.u8()
    const at = from.i64()
    from.end()
    return { at }
  })
}

/**
 * New UIDVALIDITYs for all mailboxes of an account that is older than it was until `untilMs`: UIDs and MODSEQs that were given meanwhile will be
 * given again, for other messages. Before anybody is let in.
 */
export async function forgetUids(
  account: UnlockedAccount,
  untilMs: number,
  write?: (tx: Transaction) => void,
): Promise<void> {
  const { state } = account
  await raiseUidValidities(account, [...state.mailboxes.values()], {
    // They run ahead of the clock: some that nobody remembers may have been given.
    above: Math.max(state.lastUidValidity, Math.floor(untilMs / 1000)) + givenSince,
    ...(write ? { write } : {}),
  })
}

/**
 * UIDs and MODSEQs that were given after the backup will be given again, for other messages: no client may take the one for the other
 * (RFC 3501 §2.3.1.1). Before anybody is let in; one commit, in which the mark goes.
 */
export async function finishRestore(account: UnlockedAccount): Promise<void> {
  const mark = await account.read((snapshot) => snapshot.get(restoredKey))
  if (!mark) return
  await forgetUids(account, decodeRestored(mark).at, (tx) => tx.delete(restoredKey))
}
