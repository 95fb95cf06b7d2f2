// The process that scram-kill.test.ts kills: changes a password again and again where logins by SCRAM are taken, and says between which two it is.
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { silentLog, systemClock } from '../../src/base/ports.ts'
import { openAccounts } from '../../src/account/accounts.ts'
import type { Accounts } from '../../src/account/api.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { openLevelStore } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import { iterations } from './scram-logins.ts'
import { cheapKdf, password } from './support.ts'

export const address = 'alice@example.org'
export const keyFile = 'site.key'
export const textOf = (n: number): string => `password number ${n}`

export async function openChildSite(directory: string): Promise<{ store: Store; accounts: Accounts }> {
  await cryptoReady()
  const store = await openLevelStore(join(directory, 'store'), { limits: { reserveBytes: 0 } })
  const siteKey = SiteKey.fromBytes(readFileSync(join(directory, keyFile)))
  const gate = new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 })
  const ports = { clock: systemClock, log: silentLog }
  const accounts = await openAccounts({
    ...{ store, siteKey, gate, kdf: cheapKdf, scramIterations: iterations },
    ...ports,
  })
  return { store, accounts }
}

async function run(directory: string, first: number): Promise<void> {
  const { accounts } = await openChildSite(directory)
  for (let n = first; ; n += 1) {
    process.stdout.write(`from ${n}\n`)
    await accounts.changePassword(address, password(textOf(n)), password(textOf(n + 1)))
  }
}

const [, program = '', directory, first] = process.argv
if (program.endsWith('scram-child.js') && directory !== undefined) await run(directory, Number(first))
