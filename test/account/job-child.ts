// The process that job-kill.test.ts kills: works on an account's keys while mail arrives and the mailbox is used, and says what is durable.
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog, systemClock } from '../../src/base/ports.ts'
import { openAccounts } from '../../src/account/accounts.ts'
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { openLevelStore, type LevelOptions } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import { chunks, cheapKdf, deliverTo, mail, password, session } from './support.ts'

export const address = 'alice@example.org'
/** In every body, and nowhere on the disk. */
export const plainWords = 'these words are never on the disk'
export const keyFile = 'site.key'

/** Every message has a number of its own. */
export const numbered = (n: number): Buffer => mail(`number ${n} end`, `${plainWords} ${n}\r\n`.repeat(20))

/** Many small files that are cleaned all the time. */
const busyLimits = { segmentBytes: 300_000, cleanMinimumBytes: 1000, cleanBytesPerSecond: 1e9 }

/** The site over the store in `directory`; `around` may stand between the accounts and the store. */
export async function openChildSite(
  directory: string,
  limits: LevelOptions['limits'] = busyLimits,
  around = (store: Store): Store => store,
): Promise<{ store: Store; accounts: Accounts; siteKey: SiteKey }> {
  await cryptoReady()
  const bare = await openLevelStore(join(directory, 'store'), { limits: { reserveBytes: 0, ...limits } })
  const store = around(bare)
  const siteKey = SiteKey.fromBytes(fs.readFileSync(join(directory, keyFile)))
  const gate = new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 })
  const accounts = await openAccounts({
    store,
    siteKey,
    gate,
    kdf: cheapKdf,
    clock: systemClock,
    log: silentLog,
  })
  return { store, accounts, siteKey }
}

export type JobAction = 'enable' | 'disable' | 'rotate' | 're-encrypt'

/** Begins the job, unless one is under way or it makes no sense now; resolves when it is over. */
export async function work(accounts: Accounts, action: JobAction): Promise<void> {
  const secret = { kind: 'password', password: password() } as const
  try {
    if (action === 'enable') {
      const { offerId, recoveryCode } = await accounts.atRest.offerEnable(address, password())
      await (
        await accounts.atRest.acceptEnable(offerId, recoveryCode)
      ).finished
    } else if (action === 'disable') await (await accounts.atRest.disableAtRest(address, secret)).finished
    else {
      const reencrypt = action === 're-encrypt'
      await (
        await accounts.atRest.rotateKeys(address, secret, { reencrypt })
      ).finished
    }
  } catch (error) {
    const fitting = ['busy', 'already-enabled', 'not-enabled', 'nothing-to-do'] as const
    if (!fitting.some((code) => isRefusal(error, code))) throw error
  }
}

async function use(open: OpenAccount, accounts: Accounts, first: number): Promise<never> {
  const say = (what: string, n: number): void => {
    fs.writeSync(1, `${what} ${n}\n`)
  }
  const inbox = await open.select('INBOX', { isReadOnly: false })
  for (let n = first; ; n += 2) {
    say('begun', n)
    await open.append('INBOX', chunks(numbered(n)), { flags: [] })
    say('kept', n)
    say('begun', n + 1)
    await deliverTo(accounts, address, numbered(n + 1))
    say('kept', n + 1)
    const [uid] = inbox.uids()
    if (uid !== undefined) await inbox.move([uid], n % 3 ? 'Archive' : 'Sent')
    await delay(3)
  }
}

async function main(directory: string, action: JobAction, first: number): Promise<void> {
  const { accounts } = await openChildSite(directory)
  const open = await accounts.login(address, password(), session)
  fs.writeSync(1, 'in 0\n')
  const job = work(accounts, action).then(() => fs.writeSync(1, 'done 0\n'))
  await Promise.all([use(open, accounts, first), job])
}

const [, script = '', directory, action, first] = process.argv
if (script.endsWith('job-child.js') && directory !== undefined)
  await main(directory, action as JobAction, Number(first))
