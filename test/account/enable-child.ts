// The process that enable-kill.test.ts kills: turns encryption on (or goes on with it) while mail arrives, and says where the work is and what is durable.
import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import type { Store } from '../../src/store/store.ts'
import { MessageGenerator } from '../bench/message-generator.ts'
import { address, openChildSite, work } from './job-child.ts'
import { chunks, deliverTo, overriding, password, session } from './support.ts'

/** In the header of every message, and nowhere on the disk. */
export const markedWords = 'these words are never on a disk!'

/** Where the conversion is: records sealed anew, headers of bodies made anew, what is behind that, the store compacted. */
export const stages = ['records', 'headers', 'behind', 'compact'] as const
export type Stage = (typeof stages)[number]

/** Message `n`, of about `bytes` octets: text, its HTML and an attachment, as mail is. Always the same for the same numbers. */
export class Letters {
  readonly #generator: MessageGenerator
  constructor(bytes: number) {
    this.#generator = new MessageGenerator('multipart', bytes)
  }

  letter(n: number): Buffer {
    const { head, body } = this.#generator.message(n)
    return Buffer.concat([Buffer.from(`X-Words: ${markedWords} ${n} end\r\n`), head, body])
  }

  /** Bodies without what is different in each message: there are a few, shared by all. */
  bodies(): Buffer[] {
    return [...new Set(Array.from({ length: 64 }, (_, n) => this.#generator.message(n).body))]
  }
}

export const numberOf = (message: Buffer): number =>
  Number(/^X-Words: .* (\d+) end\r\n/.exec(message.subarray(0, 200).toString('latin1'))?.[1])

const say = (what: string, n = 0): void => {
  fs.writeSync(1, `${what} ${n}\n`)
}

/** Says how many headers were made anew, and when the store is compacted. */
function watched(store: Store, account: () => Buffer): Store {
  let headers = 0
  const scrub: Store['blobs']['scrub'] = async (id, renew) => {
    const isDone = await store.blobs.scrub(id, (blob, header) => {
      headers += 1
      if (headers % 50 === 0) say('headers', headers)
      return renew(blob, header)
    })
    say('behind')
    return isDone
  }
  const compact: Store['compact'] = async (id) => {
    if (id && account().equals(id)) say('compact')
    return store.compact(id)
  }
  return overriding(store, { blobs: overriding(store.blobs, { scrub }), compact })
}

async function use(
  open: OpenAccount,
  accounts: Accounts,
  letters: Letters,
  from: number,
  pauseMs: number,
): Promise<never> {
  const inbox = await open.select('INBOX', { isReadOnly: false })
  for (let n = from; ; n += 2) {
    say('begun', n)
    await open.append('INBOX', chunks(letters.letter(n)), { flags: [] })
    say('kept', n)
    say('begun', n + 1)
    await deliverTo(accounts, address, letters.letter(n + 1))
    say('kept', n + 1)
    const [uid] = inbox.uids()
    if (uid !== undefined) await inbox.move([uid], n % 3 ? 'Archive' : 'Sent')
    await delay(pauseMs)
  }
}

/** Tells how many records are done; where nothing is left to be done, renews the keys once more, so that there is always a conversion to kill. */
async function follow(accounts: Accounts): Promise<never> {
  for (;;) {
    const { job } = await accounts.atRest.atRestStatus(address)
    if (job) say('records', job.done)
    else {
      say('over')
      await work(accounts, 'rotate')
    }
    await delay(20)
  }
}

async function main(directory: string, from: number, bytes: number, pauseMs: number): Promise<void> {
  let account = Buffer.alloc(0)
  const { accounts } = await openChildSite(directory, {}, (store) => watched(store, () => account))
  account = Buffer.from((await accounts.info(address)).accountId, 'hex')
  const open = await accounts.login(address, password(), session)
  say('in')
  if ((await accounts.info(address)).atRest === 'off') {
    const { offerId, recoveryCode } = await accounts.atRest.offerEnable(address, password())
    await accounts.atRest.acceptEnable(offerId, recoveryCode)
  }
  await Promise.all([use(open, accounts, new Letters(bytes), from, pauseMs), follow(accounts)])
}

const [, script = '', directory, from, bytes, pauseMs] = process.argv
if (script.endsWith('enable-child.js') && directory !== undefined)
  await main(directory, Number(from), Number(bytes), Number(pauseMs))
