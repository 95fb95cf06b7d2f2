// What an owner is told about the keys that their mail is sealed to: that one expires, and that none can be used. Once each.
import { randomToken } from '../crypto/random.ts'
import { deliverNotice } from './deliver.ts'
import { isRefusal } from './errors.ts'
import { noticesKey } from './keys.ts'
import {
  decodeNotices,
  encodeNotices,
  type NoticesSent,
  type SealingRecord,
  type StoredKey,
} from './pubkey-codec.ts'
import { isStoredMarked, troubleInWords, usableKeys, type Trouble } from './sealing.ts'
import type { Site } from './unlocked-account.ts'

const dayMs = 24 * 3600 * 1000

/** Days before the end at which the owner is told; the end itself comes last. */
const stages = [30, 7, 1, 0] as const

export interface Notice {
  /** In the record of what was told. */
  readonly about: string
  readonly stage: number
  readonly subject: string
  readonly lines: readonly string[]
}

/** How far a key is: 0, nothing to tell; else the number of the last stage reached. */
function stageOf({ expiresAt }: StoredKey, now: number): number {
  if (expiresAt === undefined) return 0
  return stages.filter((days) => expiresAt - now <= days * dayMs).length
}

const aboutKey = ({ fingerprint, expiresAt }: StoredKey): string => `${fingerprint}@${expiresAt ?? 0}`
const aboutTrouble = ({ serial }: SealingRecord, trouble: Trouble): string => `${trouble}@${serial}`

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

const advice = [
  'Give the server a new key, or the same one with a later end:',
  '',
  '    letterlock atrest pubkey add ADDRESS FILE',
  '',
  'or on your page under "Your own keys".',
]

function ofKey(record: SealingRecord, key: StoredKey, stage: number, now: number): Notice {
  const kind = key.kind === 'openpgp' ? 'OpenPGP key' : 'S/MIME certificate'
  const expiresAt = key.expiresAt ?? 0
  const isOver = expiresAt <= now
  const days = Math.max(1, Math.ceil((expiresAt - now) / dayMs))
  const left = days === 1 ? 'within a day' : `in ${days} days`
  const others = usableKeys(record, now).filter(({ fingerprint }) => fingerprint !== key.fingerprint).length
  const then =
    others > 0
      ? `Mail ${isOver ? 'is' : 'will then be'} sealed to the other keys of yours alone.`
      : record.settings.onTrouble === 'defer'
        ? `It is the only one: mail for you ${isOver ? 'is' : 'will then be'} refused for the time being, and its senders try again for some days.`
        : `It is the only one: mail for you ${isOver ? 'is' : 'will then be'} stored without that seal, marked.`
  const alarm =
    others > 0
      ? ''
      : record.settings.onTrouble === 'defer'
        ? ': mail for you is being refused'
        : ': mail is not sealed to it any more'
  return {
    about: aboutKey(key),
    stage,
    subject: isOver ? `Your ${kind} has expired${alarm}` : `Your ${kind} expires ${left}`,
    lines: [
      `The ${kind} that mail for you is sealed to ${isOver ? 'expired' : 'expires'} on ${day(expiresAt)}:`,
      '',
      ...key.names.map((name) => `    ${name}`),
      `    ${key.algorithm}, ${key.fingerprint}`,
      '',
      then,
      '',
      ...advice,
    ],
  }
}

function ofTrouble(record: SealingRecord, trouble: Trouble): Notice {
  const isStored = isStoredMarked(record, trouble)
  const does = isStored
    ? 'New mail is stored under the seal of your account alone, and marked by a header field.'
    : 'New mail is refused for the time being, and its senders try again for some days. After that it goes back to them.'
  return {
    about: aboutTrouble(record, trouble),
    stage: 1,
    subject: isStored ? 'Mail is not sealed to your own key any more' : 'Mail for you is being refused',
    lines: [
      `Mail for you cannot be sealed to your own keys: ${troubleInWords(trouble)}.`,
      '',
      does,
      '',
      ...(trouble === 'switched-off' ? ['Your administrator can say why.'] : advice),
    ],
  }
}

/** What the owner has to be told and was not. */
export function noticesDue(
  record: SealingRecord,
  sent: NoticesSent,
  trouble: Trouble | undefined,
  now: number,
): Notice[] {
  const due: Notice[] = []
  for (const key of record.keys) {
    const stage = stageOf(key, now)
    if (stage > (sent.get(aboutKey(key)) ?? 0)) due.push(ofKey(record, key, stage, now))
  }
  // That all have expired is told with the last one that did.
  if (trouble && trouble !== 'no-usable-key' && !sent.has(aboutTrouble(record, trouble)))
    due.push(ofTrouble(record, trouble))
  return due
}

/** A message of the server's own, plain ASCII but for names and the address. */
export function noticeMessage(
  address: string,
  now: number,
  subject: string,
  lines: readonly string[],
): Buffer {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const date = new Date(now).toUTCString().replace(/GMT$/, '+0000')
  const header = [
    `From: Letterlock <postmaster@${domain}>`,
    `To: <${address}>`,
    `Subject: ${subject}`,
    `Date: ${date}`,
    `Message-ID: <${randomToken()}@${domain}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ]
  return Buffer.from([...header, '', ...lines, ''].join('\r\n'))
}

/** Somebody else told the owner at the same moment. */
class ToldAlready extends Error {}

/** What is still worth remembering: of keys and troubles that are of this record. */
function remembered(record: SealingRecord, sent: NoticesSent): Map<string, number> {
  const current = new Set(record.keys.map(aboutKey))
  return new Map([...sent].filter(([about]) => current.has(about) || about.endsWith(`@${record.serial}`)))
}

async function tell(
  site: Site,
  account: Buffer,
  address: string,
  record: SealingRecord,
  notice: Notice,
): Promise<void> {
  const message = noticeMessage(address, site.clock.now(), notice.subject, notice.lines)
  await deliverNotice(site, account, message, async (tx) => {
    const sent = remembered(record, decodeNotices(site.siteKey, account, await tx.get(noticesKey)))
    if ((sent.get(notice.about) ?? 0) >= notice.stage) throw new ToldAlready()
    sent.set(notice.about, notice.stage)
    tx.put(noticesKey, encodeNotices(site.siteKey, account, sent))
  })
}

/** Tells the owner, in the mailbox, and the log. Never throws: that somebody could not be told must not be in the way of mail. */
export async function tellOwner(
  site: Site,
  account: Buffer,
  address: string,
  record: SealingRecord,
  trouble: Trouble | undefined,
): Promise<void> {
  const now = site.clock.now()
  if (!trouble && !record.keys.some((key) => stageOf(key, now) > 0)) return
  try {
    const bytes = await site.store.read(account, (snapshot) => snapshot.get(noticesKey))
    for (const notice of noticesDue(record, decodeNotices(site.siteKey, account, bytes), trouble, now)) {
      site.log.write('warn', 'pubkey.notice', { user: address, about: notice.about, stage: notice.stage })
      await tell(site, account, address, record, notice)
    }
  } catch (error) {
    if (error instanceof ToldAlready) return
    const reason = isRefusal(error) ? error.code : 'fault'
    site.log.write('error', 'pubkey.notice-failed', { user: address, reason })
  }
}
