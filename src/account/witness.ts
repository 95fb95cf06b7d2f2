// Whether an account that is being unlocked is what its witness remembers, or an older or another one (FORMAT.md §9.18).
import { ByteReader, ByteWriter, equalBytes } from '../base/bytes.ts'
import { isWitnessGenuine, readWitness, type Witness } from '../crypto/witness.ts'
import { factNumbers } from './account-facts.ts'
import type { TrailBy } from './api-lifecycle.ts'
import { Refusal } from './errors.ts'
import { restoredKey } from './keys.ts'
import { isDamage } from './refusing.ts'
import { decoded } from './replay.ts'
import { decodeRestored, forgetUids } from './restored.ts'
import { addToTrail } from './trail.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { WitnessFiles } from './witness-files.ts'

/** What an account is compared with; kept by `UnlockedAccounts`. */
export interface Witnesses {
  readonly files: WitnessFiles
  /** Commits are witnessed at most so much later. */
  readonly intervalMs: number
}

/** Somebody says that the account is meant to be as it is. */
export interface Acceptance {
  readonly by: TrailBy
  /** Milliseconds since 1970. */
  readonly at: number
  /** The account that is accepted: this version, with this head. */
  readonly version: number
  readonly head: Uint8Array
  /** The witness as it was, as its file's bytes. */
  readonly witness: Uint8Array
}

const acceptors: readonly TrailBy[] = ['admin', 'owner']

export function encodeAcceptance({ by, at, version, head, witness }: Acceptance): Buffer {
  return new ByteWriter()
    .u8(1)
    .u8(Math.max(0, acceptors.indexOf(by)))
    .i64(at)
    .u64(version)
    .fixed(head)
    .bytes16(witness)
    .finish()
}

function decodeAcceptance(bytes: Uint8Array): Acceptance {
  return decoded('acceptance of a rollback', () => {
    const from = new ByteReader(bytes)
    from.u8()
    const by = acceptors[from.u8()] ?? 'admin'
    const accepted = { by, at: from.i64(), version: from.u64(), head: Buffer.from(from.fixed(32)) }
    const witness = Buffer.from(from.bytes16())
    from.end()
    return { ...accepted, witness }
  })
}

/** What was found before the account was loaded. */
export interface WitnessReading {
  readonly bytes: Buffer | undefined
  readonly witness: Witness | undefined
  readonly acceptance: Acceptance | undefined
}

/** Reads without any key. What cannot be read counts as missing. */
export async function readWitnesses(files: WitnessFiles, account: Buffer): Promise<WitnessReading> {
  const orNothing = <T>(read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }
  const [bytes, accepted] = [await files.read(account, 'witness'), await files.read(account, 'accepted')]
  return {
    bytes,
    witness: bytes && orNothing(() => readWitness(account, bytes)),
    acceptance: accepted && orNothing(() => decodeAcceptance(accepted)),
  }
}

/** A rollback, with what is needed to tell about it. */
export interface Rollback {
  readonly seenVersion: number
  readonly presentVersion: number
  readonly seenAt: number
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')

/** Said to whoever logs in. Mail programs show it. */
export function rolledBack({ seenAt }: Rollback, restoredAt: number | undefined): Refusal {
  const why =
    restoredAt === undefined
      ? 'This account was put back to an older state'
      : `This account was restored from a backup on ${day(restoredAt)} UTC`
  return new Refusal(
    'rolled-back',
    `${why}: what was done in it until ${day(seenAt)} UTC is missing in part. New mail is kept. ` +
      'It opens again when you accept that on the web page, or your administrator does (letterlock atrest rollback accept).',
  )
}

type Verdict =
  | { readonly kind: 'fine' | 'missing' | 'unreadable' }
  | { readonly kind: 'rollback'; readonly rollback: Rollback }

/** `headAt` gives the head at a version since the manifest; undefined: nobody knows it any more. */
function judge(account: UnlockedAccount, reading: WitnessReading, presentVersion: number): Verdict {
  const { witness, bytes } = reading
  if (!witness || !bytes) return { kind: bytes ? 'unreadable' : 'missing' }
  const epoch = account.vault.keyset.epochs.find((each) => each.epoch === witness.epoch)
  const isOfLaterKeys = witness.epoch > account.vault.epoch
  if (epoch && !isWitnessGenuine(account.vault.root(witness.epoch).witnessKey, bytes))
    return { kind: 'unreadable' }
  // Of keys that were dropped since: it is older than the account.
  if (!epoch && !isOfLaterKeys) return { kind: 'fine' }
  const { version: seenVersion, at: seenAt } = witness
  const head = account.headAt(seenVersion)
  const isOther = seenVersion > presentVersion || (head && !equalBytes(head, witness.head))
  if (!isOfLaterKeys && !isOther) return { kind: 'fine' }
  return { kind: 'rollback', rollback: { seenVersion, presentVersion, seenAt } }
}

/**
 * Compares an account that was just loaded with its witness. Refuses with 'rolled-back' unless somebody accepted just this state. A witness that
 * is missing although the account remembers one, or that does not verify, is logged, and told to the owner by the trail.
 */
export async function checkWitness(
  account: UnlockedAccount,
  files: WitnessFiles,
  reading: WitnessReading,
  presentVersion: number,
): Promise<void> {
  const { site, id } = account
  const verdict = judge(account, reading, presentVersion)
  if (verdict.kind === 'fine') {
    // It must not hold for another time.
    if (reading.acceptance) await files.remove(id, 'accepted')
    return
  }
  const mark = await account.read((snapshot) => snapshot.get(restoredKey))
  const restoredAt = mark && decodeRestored(mark).at
  const { acceptance } = reading
  const name = id.toString('hex')
  if (verdict.kind === 'rollback') {
    const head = acceptance && account.headAt(acceptance.version)
    if (!acceptance || !head || !equalBytes(head, acceptance.head)) {
      const { seenVersion, seenAt } = verdict.rollback
      site.log.write('error', 'account.rolled-back', { account: name, seenVersion, presentVersion, seenAt })
      throw rolledBack(verdict.rollback, restoredAt)
    }
    const detail =
      `the account was accepted as of change ${acceptance.version}; it had been at change ${verdict.rollback.seenVersion} ` +
      `on ${day(verdict.rollback.seenAt)} UTC${restoredAt === undefined ? '' : `; restored from a backup on ${day(restoredAt)} UTC`}`
    // As after a restore, and for the same reason.
    await forgetUids(account, Math.max(verdict.rollback.seenAt, site.clock.now()))
    await addToTrail(account, [{ kind: 'rolled-back', by: acceptance.by, detail }])
    await files.remove(id, 'witness')
    await files.remove(id, 'accepted')
    return
  }
  const wasThere = account.state.facts.has(factNumbers.witness)
  // On a new machine there is none yet.
  if (verdict.kind === 'missing' && (!wasThere || restoredAt !== undefined)) return
  site.log.write('warn', `witness.${verdict.kind}`, { account: name })
  const detail =
    verdict.kind === 'missing'
      ? 'the witness outside the store is gone: whether the account is the newest cannot be seen'
      : 'the witness outside the store was altered: whether the account is the newest cannot be seen'
  await addToTrail(account, [{ kind: 'witness-lost', by: 'server', detail }])
}
