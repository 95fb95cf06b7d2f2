// A sealed export that was changed after it was written, with its digest made good again: nothing wrong comes out of it.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { chunks, deliverTo, mail, password, session } from '../account/support.ts'
import { loadDecryptor, type Decryptor } from './decryptor.ts'
import { makeKeyedSite } from './lived-account.ts'
import {
  decrypt,
  exportOf,
  putTogether,
  Scratch,
  takeApart,
  type ExportParts,
  type Thing,
} from './support.ts'

const address = 'alice@example.org'

/** What a record or body is, by the letters that its key begins with. */
function kindOf({ isRecord, key }: Thing): string {
  if (!isRecord) return 'body'
  const letters = key.toString('latin1', 0, 2)
  return letters.startsWith('k') ? letters : letters.slice(0, 1)
}

interface Prepared {
  readonly decryptor: Decryptor
  readonly siteKey: Buffer
  readonly code: string
  /** One export, and one that was made some changes later. */
  readonly earlier: ExportParts
  readonly parts: ExportParts
  readonly foreign: ExportParts
}

async function prepare(): Promise<Prepared> {
  const { site, siteKey } = await makeKeyedSite()
  await site.accounts.create(address, password())
  const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password())
  await finished
  let open = await site.accounts.login(address, password(), session)
  for (let index = 1; index <= 110; index += 1) {
    await open.append('INBOX', chunks(mail(`number ${index}`)), { flags: index % 2 ? ['\\Seen'] : ['work'] })
  }
  await open.close()
  const change = async (name: string): Promise<void> => {
    open = await site.accounts.login(address, password(), session)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    await inbox.copy(inbox.uids().slice(0, 3), 'Archive')
    await inbox.storeFlags(inbox.uids().slice(3, 4), 'add', ['\\Deleted'])
    await inbox.expunge()
    await open.append('Drafts', chunks(mail(`long ${name}`, 'x'.repeat(150_000))), { flags: ['\\Draft'] })
    for (let index = 1; index <= 110; index += 1) {
      await open.append('Sent', chunks(mail(`sent ${name} ${index}`)), { flags: [] })
    }
    await open.close()
    await deliverTo(site.accounts, address, mail(`waiting ${name}`))
  }
  await change('one')
  const earlier = takeApart(await exportOf(site))
  await change('two')
  await site.accounts.changePassword(address, password(), password('another'))
  await site.accounts.changePassword(address, password('another'), password())
  for (const name of ['three', 'four']) await deliverTo(site.accounts, address, mail(`waiting ${name}`))
  const parts = takeApart(await exportOf(site))
  await site.accounts.create('mallory@example.org', password('mallory'))
  await deliverTo(site.accounts, 'mallory@example.org', mail('to mallory'))
  const foreign = takeApart(await exportOf(site, 'mallory@example.org'))
  await site.accounts.close()
  return { decryptor: await loadDecryptor(), siteKey, code: String(recoveryCode), earlier, parts, foreign }
}

const replaced = (parts: ExportParts, thing: Thing, by: Thing | undefined): ExportParts => ({
  ...parts,
  things: parts.things.flatMap((other) => (other !== thing ? [other] : by ? [by] : [])),
})

const withValue = (thing: Thing, value: Buffer): Thing => ({ ...thing, value })

function flipped(bytes: Buffer, at: number): Buffer {
  const result = Buffer.from(bytes)
  result.writeUInt8(result.readUInt8(at) ^ 0x10, at)
  return result
}

describe('a changed export', () => {
  let prepared: Prepared
  before(async () => {
    prepared = await prepare()
  })

  const open = async (scratch: Scratch, bytes: Buffer): Promise<number> => {
    const { decryptor, code, siteKey } = prepared
    const secret = { kind: 2, name: 'recovery code', bytes: decryptor.readRecoveryCode(code) }
    const out = scratch.fresh('out')
    const index = await decryptor.decryptExport(scratch.file('export', bytes), out, secret, { siteKey })
    return index.mailboxes.reduce((sum, { messages }) => sum + messages.length, index.arrivals.length)
  }

  const refused = async (scratch: Scratch, bytes: Buffer, what: string): Promise<void> => {
    await assert.rejects(
      open(scratch, bytes),
      (error) => error instanceof prepared.decryptor.Refusal && error.message.length > 10,
      what,
    )
  }

  it('is accepted when it was only taken apart and put together', async () => {
    using scratch = new Scratch()
    assert.ok((await open(scratch, putTogether(prepared.parts))) > 330)
    assert.ok((await open(scratch, putTogether(prepared.earlier))) > 220)
  })

  it('is refused by its digest, whichever bit was flipped, when it was cut and when it was lengthened', async () => {
    using scratch = new Scratch()
    const bytes = putTogether(prepared.parts)
    for (const at of [0, 8, 9, 30, 33, 40, bytes.length >> 1, bytes.length - 33, bytes.length - 1]) {
      const run = await decrypt(scratch, flipped(bytes, at), { code: prepared.code })
      assert.equal(run.exitCode, 1)
      assert.match(run.refusal, /^refused \(damaged\): (the export was damaged|this is not a sealed)/)
    }
    await refused(scratch, bytes.subarray(0, -1), 'cut')
    await refused(scratch, bytes.subarray(0, bytes.length >> 1), 'halved')
    await refused(scratch, Buffer.concat([bytes, Buffer.of(0)]), 'lengthened')
    await refused(scratch, Buffer.alloc(0), 'empty')
  })

  it('is refused, whichever record or body was flipped, cut, lengthened or removed', async () => {
    using scratch = new Scratch()
    const { parts } = prepared
    const tried = new Map<string, number>()
    for (const thing of parts.things) {
      const kind = kindOf(thing)
      tried.set(kind, (tried.get(kind) ?? 0) + 1)
      // Search text is derived: a reader of mail passes it over.
      if ((tried.get(kind) ?? 0) > 1 || kind === 't') continue
      const { value } = thing
      const places = [0, 1, 5, 20, 40, 70, value.length >> 1, value.length - 1]
      for (const at of places.filter((place) => place < value.length)) {
        const changed = replaced(parts, thing, withValue(thing, flipped(value, at)))
        await refused(scratch, putTogether(changed), `${kind} flipped at ${at}`)
      }
      for (const [name, other] of [
        ['cut', withValue(thing, value.subarray(0, -1))],
        ['lengthened', withValue(thing, Buffer.concat([value, Buffer.of(0)]))],
        ['removed', undefined],
      ] as const) {
        await refused(scratch, putTogether(replaced(parts, thing, other)), `${kind} ${name}`)
      }
    }
    const kinds = ['L', 'a', 'body', 'c', 'd', 'h', 'kc', 'kk', 'ks', 'm', 'n', 'p', 't', 'v', 'x']
    assert.deepEqual([...tried.keys()].sort(), kinds)
  })

  it('is refused when one record is an older one, another account’s, or stands in another’s place', async () => {
    using scratch = new Scratch()
    const { parts, earlier, foreign } = prepared
    const put = new Set<string>()
    for (const source of [earlier, foreign]) {
      for (const old of source.things) {
        const thing = parts.things.find(({ key }) => key.equals(old.key))
        const what = `${source === earlier ? 'older' : 'foreign'} ${kindOf(old)}`
        if (kindOf(old) === 't') continue
        if (!thing || thing.value.equals(old.value) || put.has(what)) continue
        put.add(what)
        await refused(scratch, putTogether(replaced(parts, thing, withValue(thing, old.value))), what)
      }
    }
    for (const what of [
      'older ks',
      'older kk',
      'older n',
      'older L',
      'older x',
      'older p',
      'older h',
      'foreign ks',
    ]) {
      assert.ok(put.has(what), what)
    }
    for (const kind of ['m', 'p', 'x', 'c', 'd', 'body']) {
      const [first, second] = parts.things.filter((thing) => kindOf(thing) === kind)
      assert.ok(first && second, kind)
      const swapped = replaced(
        replaced(parts, first, withValue(first, second.value)),
        second,
        withValue(second, first.value),
      )
      await refused(scratch, putTogether(swapped), `exchanged ${kind}`)
    }
  })

  it('is refused when what was taken away before is there again', async () => {
    using scratch = new Scratch()
    const { parts, earlier } = prepared
    const again = new Set<string>()
    for (const old of earlier.things) {
      const kind = kindOf(old)
      // Older log entries, bodies that no record names and search text decide nothing.
      if (['c', 't', 'body'].includes(kind) || again.has(kind)) continue
      if (parts.things.some(({ key }) => key.equals(old.key))) continue
      again.add(kind)
      await refused(scratch, putTogether({ ...parts, things: [...parts.things, old] }), `${kind} again`)
    }
    assert.ok(again.has('d') && again.has('m'))
    const twice = parts.things.find((thing) => kindOf(thing) === 'm')
    assert.ok(twice)
    await refused(scratch, putTogether({ ...parts, things: [...parts.things, twice] }), 'twice')
  })

  it('gives what is whole, says what is not and fails when salvaging', async () => {
    using scratch = new Scratch()
    const { parts, code } = prepared
    const whole = (await decrypt(scratch, putTogether(parts), { code })).index()
    const bodies = parts.things.filter((thing) => kindOf(thing) === 'body')
    const longest = bodies.reduce((a, b) => (b.value.length > a.value.length ? b : a))
    const changed = replaced(
      parts,
      longest,
      withValue(longest, flipped(longest.value, longest.value.length - 1)),
    )
    const bytes = putTogether(changed)
    assert.equal((await decrypt(scratch, bytes, { code })).exitCode, 1)
    for (const salvaged of [bytes, flipped(bytes, bytes.length - 1)]) {
      const run = await decrypt(scratch, salvaged, { code, isSalvage: true })
      assert.equal(run.exitCode, 1)
      assert.match(run.refusal, /body [0-9a-f]{32}, chunk 2: the bytes were changed/)
      const index = run.index()
      assert.ok(index.complaints.length >= 2)
      const files = (from: typeof index): string[] =>
        from.mailboxes.flatMap((box) => box.messages.map((m) => m.file))
      const missing = files(whole).filter((file) => !files(index).includes(file))
      assert.equal(missing.length, 1)
      assert.match(missing[0] ?? '', /Drafts/)
      assert.throws(() => run.read(missing[0] ?? ''), { code: 'ENOENT' })
      assert.throws(() => run.read(`${missing[0] ?? ''}.partial`), { code: 'ENOENT' })
    }
  })

  it('salvages the mail of an export that was cut, and of one whose log lost an entry', async () => {
    using scratch = new Scratch()
    const { parts, code } = prepared
    const whole = (await decrypt(scratch, putTogether(parts), { code })).index()
    const count = (index: typeof whole): number =>
      index.mailboxes.reduce((sum, { messages }) => sum + messages.length, 0)
    const bytes = putTogether(parts)
    const cut = await decrypt(scratch, bytes.subarray(0, bytes.length - 2_000), { code, isSalvage: true })
    assert.equal(cut.exitCode, 1)
    assert.match(cut.refusal, /damaged or changed.*\n.*cut short/)
    const left = count(cut.index())
    assert.ok(left > count(whole) - 20 && left < count(whole))

    const entries = parts.things.filter((thing) => kindOf(thing) === 'c')
    const lost = entries.at(-1)
    assert.ok(lost)
    const changed = putTogether(replaced(parts, lost, undefined))
    const holed = await decrypt(scratch, changed, { code, isSalvage: true })
    assert.equal(holed.exitCode, 1)
    assert.match(holed.refusal, /version \d+ of the log is missing/)
    assert.equal(count(holed.index()), count(whole))
  })
})
