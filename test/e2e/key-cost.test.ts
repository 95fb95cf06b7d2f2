// What work on keys costs: a password change whatever the amount of mail, and turning encryption on. LETTERLOCK_MEASURE_MESSAGES and
// LETTERLOCK_MEASURE_BYTES (of each) make it large, and print figures; by itself it only shows that it works.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { silentLog, systemClock } from '../../src/base/ports.ts'
import { openAccounts } from '../../src/account/accounts.ts'
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import { defaultKdf, KdfGate } from '../../src/crypto/kdf.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { initLevelStore, openLevelStore } from '../../src/store/level/open.ts'
import { chunks, password, session } from '../account/support.ts'
import { MessageGenerator, type GeneratedMessage } from '../bench/message-generator.ts'
import { tmpdir } from 'node:os'

const messages = Number(process.env['LETTERLOCK_MEASURE_MESSAGES'] ?? 200)
const bytes = Number(process.env['LETTERLOCK_MEASURE_BYTES'] ?? 16_000)
const isMeasuring = process.env['LETTERLOCK_MEASURE_MESSAGES'] !== undefined
const address = 'alice@example.org'

async function writtenBytes(): Promise<number> {
  const text = await readFile('/proc/self/io', 'utf8').catch(() => '')
  return Number(/^write_bytes: (\d+)/m.exec(text)?.[1] ?? 0)
}

async function cost(what: string, run: () => Promise<unknown>): Promise<void> {
  const [written, from, cpu] = [await writtenBytes(), performance.now(), process.cpuUsage()]
  await run()
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (ms: number): string => (ms / 1000).toFixed(2)
  if (!isMeasuring) return
  const figures = `${seconds(performance.now() - from)} s, processor ${seconds((user + system) / 1000)} s`
  const mib = ((await writtenBytes()) - written) / 2 ** 20
  process.stderr.write(`${what}: ${figures}, written ${mib.toFixed(0)} MiB\n`)
}

const append = async (open: OpenAccount, { head, body }: GeneratedMessage): Promise<unknown> =>
  open.append('INBOX', chunks(Buffer.concat([head, body])), { flags: [] })

async function fill(accounts: Accounts): Promise<void> {
  const open = await accounts.login(address, password(), session)
  // Text, its HTML and an attachment, as mail is: text of nothing but chance would make the search text as large as the mail.
  const mail = new MessageGenerator('multipart', bytes)
  const at = 64
  for (let first = 0; first < messages; first += at)
    await Promise.all(
      Array.from({ length: Math.min(at, messages - first) }, (_, index) =>
        append(open, mail.message(first + index)),
      ),
    )
  await open.close()
}

describe('the cost of work on keys', () => {
  it(`with ${messages} messages of ${bytes} octets`, async () => {
    await cryptoReady()
    const directory = await mkdtemp(join(tmpdir(), 'letterlock-keys-'))
    await initLevelStore(join(directory, 'store'))
    const store = await openLevelStore(join(directory, 'store'))
    const { siteKey } = SiteKey.make()
    const gate = new KdfGate()
    const parts = { store, siteKey, gate, kdf: defaultKdf, clock: systemClock, log: silentLog }
    const accounts = await openAccounts(parts)
    try {
      await accounts.create(address, password())
      await cost('filling', () => fill(accounts))
      await cost('one Argon2 run', async () => {
        const key = await gate.derive(password(), Buffer.alloc(16), defaultKdf)
        key.wipe()
      })
      const change = (from: string, to: string) =>
        accounts.changePassword(address, password(from), password(to))
      await cost('password change, locked', () => change('correct horse', 'another'))
      const open = await accounts.login(address, password('another'), session)
      await cost('password change, unlocked', () => change('another', 'correct horse'))
      await cost(
        'turning encryption on',
        async () => (await accounts.enableAtRest(address, password())).finished,
      )
      const secret = { kind: 'password', password: password() } as const
      const rotate = async (reencrypt: boolean): Promise<void> =>
        (await accounts.atRest.rotateKeys(address, secret, { reencrypt })).finished
      await cost('rotation', () => rotate(false))
      await cost('rotation with new bodies', () => rotate(true))
      assert.equal((await open.status('INBOX')).messages, messages)
      assert.equal((await accounts.info(address)).atRest, 'on')
      await open.close()
    } finally {
      await accounts.close()
      await store.close()
      await rm(directory, { recursive: true })
    }
  })
})
