// Records beside the mail, on a hostile disk: each is refused, told to the owner, or decides nothing; mail is shown as it is or not at all.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { look, refusedOrTrue, type Shown } from './looks.ts'
import { chunks, mail, makeSite, password, session, type TestSite } from './support.ts'
import { TamperingStore } from './tampering-store.ts'

const [alice, mallory] = ['alice@example.org', 'mallory@example.org'] as const
const passwordOf = (address: string): Buffer => (address === alice ? password() : password('mallory'))
const secretOf = (address: string) => ({ kind: 'password' as const, password: passwordOf(address) })

/** What becomes of an account of which such a record was tampered with. */
type Outcome =
  /** It does not open, in words. */
  | 'refused'
  /** All mail is shown as it is, and the owner finds in the trail that entries are missing. */
  | 'told'
  /** All mail is shown as it is. */
  | 'nothing'

interface Kind {
  readonly name: string
  /** Of its key, as far as it says which kind a record is. */
  readonly letters: string
  readonly outcome: Outcome
  /** Where there was none, whatever somebody puts there. */
  readonly whenPlanted?: Outcome
  /** Its present value does not depend on its older one: put back, that is refused, or harmless. */
  readonly whenOlder?: Outcome
}

const kinds: readonly Kind[] = [
  { name: 'an entry of the trail', letters: 'a', outcome: 'told' },
  { name: 'the last uses of app passwords', letters: 'ku', outcome: 'nothing', whenOlder: 'nothing' },
  { name: 'own keys', letters: 'kp', outcome: 'refused', whenPlanted: 'refused', whenOlder: 'refused' },
  { name: 'what was told of own keys', letters: 'kpw', outcome: 'nothing', whenPlanted: 'nothing' },
  { name: 'the mark of work on own keys', letters: 'kpj', outcome: 'nothing', whenPlanted: 'nothing' },
  { name: 'the mark of work on keys', letters: 'kj', outcome: 'nothing', whenPlanted: 'nothing' },
]

/** The longest of the letters that its key begins with says what a record is. */
const isOf = ({ letters }: Kind, key: Buffer): boolean => {
  const text = key.toString('latin1')
  const longest = kinds.filter((kind) => text.startsWith(kind.letters)).sort(byLength)[0]
  return longest?.letters === letters && (letters.length > 1 || !text.startsWith('k'))
}
const byLength = (a: Kind, b: Kind): number => b.letters.length - a.letters.length

async function live({ accounts }: TestSite, address: string): Promise<void> {
  await accounts.create(address, passwordOf(address))
  const { text } = await accounts.slots.addAppPassword(address, secretOf(address), { name: 'Phone' })
  const open = await accounts.login(address, passwordOf(address), session)
  for (let index = 0; index < 20; index += 1)
    await open.append('INBOX', chunks(mail(`message ${index}`, `text ${index}`)), { flags: ['\\Seen'] })
  const inbox = await open.select('INBOX', { isReadOnly: false })
  await inbox.storeFlags(inbox.uids().slice(0, 5), 'add', ['\\Deleted'])
  await inbox.expunge()
  await open.close()
  await (await accounts.login(address, text, session)).close()
  await accounts.publicKeys.setSealing(address, secretOf(address), { append: true })
  text.fill(0)
}

interface Prepared {
  readonly site: TestSite
  readonly disk: TamperingStore
  readonly truth: Shown
  readonly older: ReturnType<TamperingStore['records']>
  readonly own: ReturnType<TamperingStore['records']>
  readonly foreign: ReturnType<TamperingStore['records']>
  readonly account: string
}

async function prepared(): Promise<Prepared> {
  const disk = new TamperingStore(openMemoryStore())
  const site = await makeSite({}, disk.store)
  for (const address of [alice, mallory]) await live(site, address)
  const account = (await site.accounts.info(alice)).accountId
  const foreign = (await site.accounts.info(mallory)).accountId
  await disk.capture()
  const older = disk.records(account)
  await site.accounts.publicKeys.setSealing(alice, secretOf(alice), { append: false })
  const open = await site.accounts.login(alice, password(), session)
  const inbox = await open.select('INBOX', { isReadOnly: false })
  await inbox.storeFlags(inbox.uids().slice(0, 3), 'add', ['\\Deleted'])
  await inbox.expunge()
  await open.close()
  const truth = await look(site.accounts)
  await disk.capture()
  return { site, disk, truth, older, own: disk.records(account), foreign: disk.records(foreign), account }
}

/** Looks at mail and trail. */
async function outcome({ site, truth }: Prepared, what: string): Promise<Outcome> {
  if (await refusedOrTrue(site.accounts, truth, what)) return 'refused'
  const trail = await site.accounts.trail.trail(alice, secretOf(alice))
  return trail.some(({ kind }) => kind === 'entries-lost') ? 'told' : 'nothing'
}

describe('records beside the mail', () => {
  for (const kind of kinds)
    it(`${kind.name}: ${kind.outcome}`, async () => {
      const all = await prepared()
      const { disk, account, own, older, foreign } = all
      const present = own.filter(({ key }) => isOf(kind, key))
      const check = async (
        key: Buffer,
        value: Buffer | undefined,
        wanted: Outcome,
        how: string,
      ): Promise<void> => {
        disk.replace(account, key, value)
        assert.equal(await outcome(all, `${kind.letters} ${how}`), wanted, how)
        disk.restore()
      }
      const [first] = present
      if (first) {
        const { key, value } = first
        for (const at of [0, 20, value.length >> 1, value.length - 1]) {
          const flipped = Buffer.from(value)
          flipped[at] = (flipped[at] ?? 0) ^ 0x10
          await check(key, flipped, kind.outcome, `flipped at ${at}`)
        }
        await check(key, value.subarray(0, value.length - 1), kind.outcome, 'cut')
        await check(key, undefined, kind.outcome, 'removed')
        const other = foreign.find((record) => isOf(kind, record.key))
        if (other) await check(key, other.value, kind.outcome, 'another account’s')
        const second = present[1]
        if (second) await check(key, second.value, kind.outcome, 'another place’s')
        const before = older.find((record) => record.key.equals(key) && !record.value.equals(value))
        if (before && kind.whenOlder) await check(key, before.value, kind.whenOlder, 'as it was before')
      } else assert.ok(kind.whenPlanted, 'the account has one, or one is planted')
      if (kind.whenPlanted && kind.letters !== 'kp')
        for (const value of [Buffer.of(1), Buffer.alloc(60, 0x55)])
          await check(Buffer.from(kind.letters), value, kind.whenPlanted, 'planted')
      await all.site.accounts.close()
    })

  it('own keys that somebody gave an account that has none: refused', async () => {
    const disk = new TamperingStore(openMemoryStore())
    const site = await makeSite({}, disk.store)
    await site.accounts.create(alice, password())
    await live(site, mallory)
    const { accountId } = await site.accounts.info(alice)
    const foreign = (await site.accounts.info(mallory)).accountId
    await disk.capture()
    const truth = await look(site.accounts)
    disk.restore()
    const keys = disk.records(foreign).find(({ key }) => key.toString() === 'kp')
    assert.ok(keys)
    disk.replace(accountId, keys.key, keys.value)
    assert.ok(await refusedOrTrue(site.accounts, truth, 'planted'))
    await site.accounts.close()
  })
})
