// A site on the memory store with a cheap key derivation, for tests of the account layer.
import { collect } from '../../src/base/async.ts'
import { silentLog, type Clock } from '../../src/base/ports.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import type { AccountsOptions } from '../../src/account/accounts-options.ts'
import { openAccounts } from '../../src/account/accounts.ts'
import type { Accounts, OpenAccount, SelectedMailbox, SessionInfo, Uid } from '../../src/account/api.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'

export const cheapKdf = { memoryKiB: 64, passes: 1, parallelism: 1 }

export class TestClock implements Clock {
  time = Date.UTC(2026, 10, 21, 12)
  now(): number {
    return this.time
  }
}

export interface TestSite {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly clock: TestClock
  accounts: Accounts
  /** A new Accounts on the same store, as after a restart. */
  restart(on?: Store): Promise<Accounts>
  /** Another Accounts on the same store, while the first is left as it is: what a crash leaves behind. */
  reopen(on?: Store): Promise<Accounts>
}

export async function makeSite(
  options: Partial<AccountsOptions> = {},
  store: Store = openMemoryStore(),
): Promise<TestSite> {
  await cryptoReady()
  const siteKey = options.siteKey ?? SiteKey.make().siteKey
  const clock = new TestClock()
  const open = (on: Store = store): Promise<Accounts> =>
    openAccounts({
      ...{ store: on, siteKey, clock, log: silentLog, kdf: cheapKdf },
      gate: new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 }),
      ...options,
    })
  const site: TestSite = {
    ...{ store, siteKey, clock, accounts: await open() },
    reopen: open,
    async restart(on = store) {
      await site.accounts.close()
      site.accounts = await open(on)
      return site.accounts
    },
  }
  return site
}

export const session: SessionInfo = {
  protocol: 'imap',
  remoteAddress: '127.0.0.1',
  isTls: true,
  end: () => undefined,
}
export const password = (text = 'correct horse'): Buffer => Buffer.from(text)

export function mail(subject: string, body = 'Hello.'): Buffer {
  return Buffer.from(
    `From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nSubject: ${subject}\r\n` +
      `Message-ID: <${subject.replace(/\W/g, '')}@example.org>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n${body}\r\n`,
  )
}

export async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}

export async function readAll(mailbox: SelectedMailbox, uid: Uid): Promise<Buffer> {
  const content = await mailbox.content(uid)
  if (!content) throw new Error(`no message ${uid}`)
  return collect(content.read(0, content.sizeBytes))
}

/** Creates alice and logs in. */
export async function alice(site: TestSite): Promise<OpenAccount> {
  await site.accounts.create('alice@example.org', password())
  return site.accounts.login('alice@example.org', password(), session)
}

export async function deliverTo(accounts: Accounts, address: string, message: Buffer): Promise<void> {
  for (const target of await accounts.resolve(address)) await accounts.deliver(target, message)
}

/** The same object with some members replaced. */
export function overriding<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const mine: unknown = Reflect.get(own, name)
      if (mine !== undefined) return mine
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
