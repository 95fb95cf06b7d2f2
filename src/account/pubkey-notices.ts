// What an owner is told about the keys that their mail is sealed to: that one expires, and that none can be used. Once each.
import { domainOf } from './at-rest-rules.ts'
import { deliverNotice } from './deliver.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal } from './errors.ts'
import { noticesKey } from './keys.ts'
import type { Say } from './notice-words.ts'
import { composeNotice, saidTo } from './notices.ts'
import {
  decodeNotices,
  encodeNotices,
  type NoticesSent,
  type SealingRecord,
  type StoredKey,
} from './pubkey-codec.ts'
import { isStoredMarked, usableKeys, type Trouble } from './sealing.ts'
import type { Site } from './unlocked-account.ts'

const dayMs = 24 * 3600 * 1000

/** Days before the end at which the owner is told; the end itself comes last. */
const stages = [30, 7, 1, 0] as const

/** What an owner has to be told of. */
export interface Due {
  /** In the record of what was told. */
  readonly about: string
  readonly stage: number
  readonly say: Say
}

/** How far a key is: 0, nothing to tell; else the number of the last stage reached. */
function stageOf({ expiresAt }: StoredKey, now: number): number {
  if (expiresAt === undefined) return 0
  return stages.filter((days) => expiresAt - now <= days * dayMs).length
}

const aboutKey = ({ fingerprint, expiresAt }: StoredKey): string => `${fingerprint}@${expiresAt ?? 0}`
const aboutTrouble = ({ serial }: SealingRecord, trouble: Trouble): string => `${trouble}@${serial}`

/** What becomes of mail that cannot be sealed to a key. */
type Fate = 'others' | 'refused' | 'unsealed'

function fateWithout(record: SealingRecord, key: StoredKey, now: number): Fate {
  const hasOthers = usableKeys(record, now).some(({ fingerprint }) => fingerprint !== key.fingerprint)
  if (hasOthers) return 'others'
  return record.settings.onTrouble === 'defer' ? 'refused' : 'unsealed'
}

const expiredSubjects = {
  others: 'keyExpired.subject',
  refused: 'keyExpired.subjectRefused',
  unsealed: 'keyExpired.subjectUnsealed',
} as const

function ofKey(address: string, record: SealingRecord, key: StoredKey, stage: number, now: number): Due {
  const expiresAt = key.expiresAt ?? 0
  const isOver = expiresAt <= now
  const days = Math.max(1, Math.ceil((expiresAt - now) / dayMs))
  const fate = fateWithout(record, key, now)
  const lines = [...key.names, `${key.algorithm}, ${key.fingerprint}`].map((line) => `    ${line}`)
  const say: Say = (words) => {
    const kind = words.of(`key.${key.kind}`)
    const left = days === 1 ? words.of('key.withinDay') : words.of('key.inDays', { days })
    const then = words.of(`${isOver ? 'keyExpired' : 'keyExpires'}.${fate}`)
    const advice = words.of('key.advice', { address })
    const values = { kind, day: words.day(expiresAt), key: lines.join('\n'), then, advice }
    return {
      language: words.language,
      subject: words.of(isOver ? expiredSubjects[fate] : 'keyExpires.subject', { kind, left }),
      text: words.of(isOver ? 'keyExpired.text' : 'keyExpires.text', values),
    }
  }
  return { about: aboutKey(key), stage, say }
}

function ofTrouble(address: string, record: SealingRecord, trouble: Trouble): Due {
  const isStored = isStoredMarked(record, trouble)
  const say: Say = (words) => ({
    language: words.language,
    subject: words.of(isStored ? 'keyTrouble.subjectUnsealed' : 'keyTrouble.subjectRefused'),
    text: words.of('keyTrouble.text', {
      reason: words.of(`keyTrouble.${trouble}`),
      does: words.of(isStored ? 'keyTrouble.unsealed' : 'keyTrouble.refused'),
      advice: trouble === 'switched-off' ? words.of('key.askAdmin') : words.of('key.advice', { address }),
    }),
  })
  return { about: aboutTrouble(record, trouble), stage: 1, say }
}

/** What the owner has to be told and was not. */
export function noticesDue(
  address: string,
  record: SealingRecord,
  sent: NoticesSent,
  trouble: Trouble | undefined,
  now: number,
): Due[] {
  const due: Due[] = []
  for (const key of record.keys) {
    const stage = stageOf(key, now)
    if (stage > (sent.get(aboutKey(key)) ?? 0)) due.push(ofKey(address, record, key, stage, now))
  }
  // That all have expired is told with the last one that did.
  if (trouble && trouble !== 'no-usable-key' && !sent.has(aboutTrouble(record, trouble)))
    due.push(ofTrouble(address, record, trouble))
  return due
}

/** Somebody else told the owner at the same moment. */
class ToldAlready extends Error {}

/** What is still worth remembering: of keys and troubles that are of this record. */
function remembered(record: SealingRecord, sent: NoticesSent): Map<string, number> {
  const current = new Set(record.keys.map(aboutKey))
  return new Map([...sent].filter(([about]) => current.has(about) || about.endsWith(`@${record.serial}`)))
}

async function tell(site: Site, entry: DirectoryEntry, record: SealingRecord, due: Due): Promise<void> {
  const { account, address } = entry
  const notice = saidTo(site, entry, due.say)
  const message = composeNotice(domainOf(address), address, notice, site.clock.now())
  await deliverNotice(site, account, message, async (tx) => {
    const sent = remembered(record, decodeNotices(site.siteKey, account, await tx.get(noticesKey)))
    if ((sent.get(due.about) ?? 0) >= due.stage) throw new ToldAlready()
    sent.set(due.about, due.stage)
    tx.put(noticesKey, encodeNotices(site.siteKey, account, sent))
  })
}

/** Tells the owner, in the mailbox, and the log. Never throws: that somebody could not be told must not be in the way of mail. */
export async function tellOwner(
  site: Site,
  entry: DirectoryEntry,
  record: SealingRecord,
  trouble: Trouble | undefined,
): Promise<void> {
  const { account, address } = entry
  const now = site.clock.now()
  if (!trouble && !record.keys.some((key) => stageOf(key, now) > 0)) return
  try {
    const bytes = await site.store.read(account, (snapshot) => snapshot.get(noticesKey))
    const sent = decodeNotices(site.siteKey, account, bytes)
    for (const due of noticesDue(address, record, sent, trouble, now)) {
      site.log.write('warn', 'pubkey.notice', { user: address, about: due.about, stage: due.stage })
      await tell(site, entry, record, due)
    }
  } catch (error) {
    if (error instanceof ToldAlready) return
    const reason = isRefusal(error) ? error.code : 'fault'
    site.log.write('error', 'pubkey.notice-failed', { user: address, reason })
  }
}
