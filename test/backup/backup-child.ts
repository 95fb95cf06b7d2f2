// The process that backup-kill.test.ts kills: takes backups while mail comes, prunes them, restores, verifies or repairs, and says what is durable.
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { checkBackup } from '../../src/backup/check.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { deliverTo, mail, password } from '../account/support.ts'
import { alice, bob, openSite, restore, take, type BackupSite } from './support.ts'

export const keyFile = 'site.key'

/** Every message has a number of its own; every fourth is long. */
export const numbered = (n: number): Buffer =>
  mail(`number ${n} end`, `${'these words are nowhere on the disk '.repeat(n % 4 ? 3 : 2000)}\r\n`)

export const openRoot = (root: string): Promise<BackupSite> =>
  openSite({ root, keyBytes: fs.readFileSync(join(root, keyFile)) })

const say = (what: string, n: number): void => {
  fs.writeSync(1, `${what} ${n}\n`)
}

/** Mail comes for both, backups are taken one after another, every third one whole, and old ones go. */
async function takeForEver(site: BackupSite, first: number): Promise<never> {
  let kept = first - 1
  const arrive = async (): Promise<never> => {
    for (;;) {
      say('begun', kept + 1)
      await deliverTo(site.accounts, kept % 2 ? alice : bob, numbered(kept + 1))
      kept += 1
      say('kept', kept)
      await delay(2)
    }
  }
  const copy = async (): Promise<never> => {
    for (let round = 0; ; round += 1) {
      say('taking', kept)
      const { generation, problems } = await site.backups.take(site.backup, {
        ...take,
        isIncremental: round % 3 !== 2,
      })
      if (problems.length > 0) throw new Error(problems.map(({ text }) => text).join())
      say('taken', generation)
      if (round % 2) await site.backups.prune(site.backup, 2, false)
    }
  }
  return Promise.race([arrive(), copy()])
}

export const actions = {
  take: takeForEver,
  async 'restore one'(site: BackupSite): Promise<void> {
    const options = { ...restore, address: alice, mayReplace: true, acceptsRollback: true }
    await site.backups.restore(site.backup, options)
  },
  async 'restore all'(site: BackupSite): Promise<void> {
    await site.backups.restore(site.backup, { ...restore, mayReplace: true, acceptsRollback: true })
  },
  async repair({ accounts }: BackupSite): Promise<void> {
    await accounts.repairs.repair(alice, { kind: 'password', password: password() }, { isDryRun: false })
  },
  async verify({ backup, keyBytes }: BackupSite): Promise<void> {
    const { problems } = await checkBackup(backup, { siteKey: SiteKey.fromBytes(keyBytes) })
    if (problems.length > 0) throw new Error(problems.join())
  },
} satisfies Readonly<Record<string, (site: BackupSite, first: number) => Promise<void>>>

export type Action = keyof typeof actions

async function main(root: string, action: Action, first: number): Promise<void> {
  const site = await openRoot(root)
  say('in', 0)
  await actions[action](site, first)
  say('done', 0)
  await site.close()
}

const [, script = '', root, action, first] = process.argv
if (script.endsWith('backup-child.js') && root !== undefined)
  await main(root, action as Action, Number(first))
