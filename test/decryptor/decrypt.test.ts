// The stand-alone decryptor, run as a child process, gives back every octet of accounts that the program made.
import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { recoveryWordsOf } from '../../src/crypto/recovery-code.ts'
import { chunks, deliverTo, mail, password, session, type TestSite } from '../account/support.ts'
import { live, mailboxNames, makeKeyedSite, whatIsIn, type Expected } from './lived-account.ts'
import { decrypt, exportOf, Scratch, takeApart, type ExportParts, type Run } from './support.ts'

const address = 'alice@example.org'

async function expectedOf(site: TestSite, secret = password()): Promise<Expected> {
  const open = await site.accounts.login(address, secret, session)
  const expected = await whatIsIn(open)
  await open.close()
  return expected
}

/** Every mailbox, flag, date and octet, and nothing besides. */
function assertSame(run: Run, expected: Expected): void {
  assert.equal(run.refusal, '')
  assert.equal(run.exitCode, 0)
  const index = run.index()
  assert.deepEqual(index.complaints, [])
  assert.deepEqual([...index.subscriptions].sort(), expected.subscriptions)
  const inOrder = (list: Expected['annotations']): string[] => list.map((one) => JSON.stringify(one)).sort()
  assert.deepEqual(inOrder(index.annotations), inOrder(expected.annotations))
  assert.deepEqual(index.mailboxes.map(({ name }) => name).sort(), [...expected.mailboxes.keys()].sort())
  for (const { name, specialUse, uidValidity, uidNext, recentFrom, messages } of index.mailboxes) {
    const box = expected.mailboxes.get(name)
    assert.ok(box)
    const recent = messages.filter(({ uid }) => uid >= recentFrom).length
    assert.deepEqual(
      { specialUse, uidValidity, uidNext, recent },
      {
        specialUse: box.specialUse,
        uidValidity: box.uidValidity,
        uidNext: box.uidNext,
        recent: box.recent,
      },
    )
    assert.deepEqual(
      messages.map(({ uid }) => uid),
      [...box.messages.keys()],
    )
    for (const message of messages) {
      const wanted = box.messages.get(message.uid)
      assert.ok(wanted)
      assert.ok(run.read(message.file).equals(wanted.bytes), `${name} ${message.uid}`)
      assert.deepEqual([...message.flags].sort(), [...wanted.state.flags].sort())
      assert.deepEqual(
        { ...message, file: '', flags: [] },
        {
          uid: wanted.state.uid,
          file: '',
          size: wanted.state.sizeBytes,
          flags: [],
          internalDate: new Date(wanted.state.internalDate).toISOString(),
          zone: wanted.state.zoneMinutes,
          saved: new Date(wanted.state.savedAt).toISOString(),
          modSeq: wanted.state.modSeq,
        },
      )
    }
  }
}

const lettersOf = ({ things }: ExportParts): Set<string> =>
  new Set(things.filter(({ isRecord }) => isRecord).map(({ key }) => key.toString('latin1', 0, 1)))

const epochsOfMail = ({ things }: ExportParts): Set<number> =>
  new Set(
    things
      .filter(({ isRecord, key }) => isRecord && ['m', 'p'].includes(key.toString('latin1', 0, 1)))
      .map(({ value }) => value.readUInt32BE(3)),
  )

describe('the stand-alone decryptor', () => {
  it('opens an account by an app password, and by two of three admins who share the recovery key; with new UIDVALIDITYs', async () => {
    using scratch = new Scratch()
    const { site } = await makeKeyedSite()
    const { accounts } = site
    await accounts.create(address, password())
    await deliverTo(accounts, address, mail('for admins too'))
    const { finished, recoveryCode } = await accounts.enableAtRest(address, password())
    recoveryCode.fill(0)
    await finished
    const secret = { kind: 'password', password: password() } as const
    const { text } = await accounts.slots.addAppPassword(address, secret, { name: 'Phone' })
    const admins = ['the first admin', 'the second admin', 'the third admin']
    await accounts.escrow.setEscrow(
      admins.map((each) => Buffer.from(each)),
      2,
    )
    await expectedOf(site)
    await accounts.repairs.bumpUidValidity(address, secret)
    const expected = await expectedOf(site)
    const bytes = await exportOf(site)
    assertSame(await decrypt(scratch, bytes, { appPassword: String(text) }), expected)
    const stored = await site.store.site.get('escrow')
    assert.ok(stored)
    const recoveryKey = Buffer.from(stored)
    const [one = '', two = '', three = ''] = admins
    assertSame(await decrypt(scratch, bytes, { recoveryKey, adminPasswords: [three, one] }), expected)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(recoveryKey.length)
    const inBackup = Buffer.concat([
      ...[Buffer.from('LLBKSITE'), Buffer.of(1), Buffer.of(3, 0, 4), Buffer.from('hint'), Buffer.alloc(4)],
      ...[Buffer.of(2, 0, 6), Buffer.from('escrow'), length, recoveryKey, Buffer.alloc(33)],
    ])
    assertSame(
      await decrypt(scratch, bytes, { recoveryKey: inBackup, adminPasswords: [two, three] }),
      expected,
    )
    for (const adminPasswords of [[one], [one, one], [one, 'nobody']])
      assert.match(
        (await decrypt(scratch, bytes, { recoveryKey, adminPasswords })).refusal,
        /refused \(wrong key\)/,
      )
  })

  it('gives back an account that has lived, before, during and after a key rotation and after a recovery', async () => {
    using scratch = new Scratch()
    const { site, siteKey } = await makeKeyedSite()
    const sent: Buffer[] = []
    await live(site, sent)
    const expected = await expectedOf(site)
    for (const { messages } of expected.mailboxes.values()) {
      for (const { bytes } of messages.values()) assert.ok(sent.some((original) => original.equals(bytes)))
    }
    assert.ok((expected.mailboxes.get('INBOX')?.messages.size ?? 0) > 120)

    const before = await exportOf(site)
    for (const letter of 'khnLmpxc') assert.ok(lettersOf(takeApart(before)).has(letter), letter)
    assertSame(await decrypt(scratch, before, { password: 'correct horse' }), expected)
    // An account that has not enabled at-rest encryption is open to its site, and only to its site.
    assertSame(await decrypt(scratch, before, { siteKey }), expected)
    const otherSite = await decrypt(scratch, before, { siteKey: Buffer.alloc(32, 1) })
    assert.match(otherSite.refusal, /refused \(wrong key\)/)

    let during: Promise<Buffer> | undefined
    const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password(), (done) => {
      if (done > 0) during ??= exportOf(site)
    })
    await finished
    const half = await during
    assert.ok(half)
    assert.deepEqual([...epochsOfMail(takeApart(half))].sort(), [1, 2])
    assertSame(await decrypt(scratch, half, { code: String(recoveryCode) }), expected)

    const after = await exportOf(site)
    assert.deepEqual([...epochsOfMail(takeApart(after))], [2])
    assertSame(await decrypt(scratch, after, { code: String(recoveryCode) }), expected)
    assertSame(
      await decrypt(scratch, after, { typed: String(recoveryCode).toLowerCase().replaceAll('-', ' ') }),
      expected,
    )
    assertSame(await decrypt(scratch, after, { code: String(recoveryCode), siteKey }), expected)
    const words = String(recoveryWordsOf(recoveryCode))
    assertSame(await decrypt(scratch, after, { code: words.toUpperCase().replaceAll(' ', '\n') }), expected)
    const bySite = await decrypt(scratch, after, { siteKey })
    assert.match(bySite.refusal, /refused \(wrong key\): .*no slot/)

    const renewed = await site.accounts.recover(address, recoveryCode, password('a new one'))
    const recovered = await exportOf(site)
    assertSame(await decrypt(scratch, recovered, { code: String(renewed.recoveryCode) }), expected)
    assertSame(await decrypt(scratch, recovered, { password: 'a new one' }), expected)
    for (const old of [{ code: String(recoveryCode) }, { password: 'correct horse' }]) {
      assert.match((await decrypt(scratch, recovered, old)).refusal, /refused \(wrong key\)/)
    }
    await site.accounts.close()
  })

  it('gives back mail that came while the account was locked and that nobody has seen since', async () => {
    using scratch = new Scratch()
    const { site, siteKey } = await makeKeyedSite()
    await site.accounts.create(address, password())
    const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password())
    await finished
    const sent = [mail('one'), mail('two', 'x'.repeat(200_000)), mail('three')]
    const to = [address, 'alice+lists@example.org', address]
    for (const [at, message] of sent.entries()) await deliverTo(site.accounts, to[at] ?? '', message)
    const bytes = await exportOf(site)
    assert.equal((await site.accounts.info(address)).pendingArrivals, 3)
    for (const known of [undefined, siteKey]) {
      const run = await decrypt(scratch, bytes, {
        code: String(recoveryCode),
        ...(known ? { siteKey: known } : {}),
      })
      const { arrivals, version } = run.index()
      assert.equal(arrivals.at(-1)?.version, version)
      assert.deepEqual(
        arrivals.map(({ detail, size, isSiteVerified }) => ({ detail, size, isSiteVerified })),
        sent.map((message, at) => ({
          detail: at === 1 ? 'lists' : '',
          size: message.length,
          isSiteVerified: known !== undefined,
        })),
      )
      for (const [at, { file }] of arrivals.entries()) assert.ok(sent[at]?.equals(run.read(file)))
    }
    const foreign = await decrypt(scratch, bytes, {
      code: String(recoveryCode),
      siteKey: Buffer.alloc(32, 1),
    })
    assert.match(foreign.refusal, /refused \(damaged\): the delivery card was not written by this site/)
    await site.accounts.close()
  })

  it('gives back mail that waited while a checkpoint was written', async () => {
    using scratch = new Scratch()
    const { site } = await makeKeyedSite()
    await site.accounts.create(address, password())
    const open = await site.accounts.login(address, password(), session)
    for (let index = 0; index < 100; index += 1) {
      await open.append('Archive', chunks(mail(`kept ${index}`)), { flags: [] })
    }
    const sent = Array.from({ length: 20 }, (_, index) => mail(`waiting ${index}`))
    const deliveries = sent.map((message) => deliverTo(site.accounts, address, message))
    await Promise.all([open.close(), ...deliveries])
    const bytes = await exportOf(site)
    const records = takeApart(bytes).things.filter(({ isRecord }) => isRecord)
    const versions = (letter: string): bigint[] =>
      records
        .filter(({ key }) => key.toString('latin1', 0, 1) === letter)
        .map(({ key }) => key.readBigUInt64BE(1))
    const [oldestEntry] = versions('c')
    assert.ok(oldestEntry !== undefined)
    assert.ok(versions('d').some((version) => version < oldestEntry))
    const run = await decrypt(scratch, bytes, { password: 'correct horse' })
    assert.equal(run.refusal, '')
    const { mailboxes, arrivals } = run.index()
    const adopted = mailboxes.find(({ name }) => name === 'INBOX')?.messages ?? []
    const files = [...adopted, ...arrivals].map(({ file }) => run.read(file))
    assert.equal(files.length, sent.length)
    for (const message of sent) assert.ok(files.some((file) => file.equals(message)))
    assert.equal(mailboxes.find(({ name }) => name === 'Archive')?.messages.length, 100)
    await site.accounts.close()
  })

  it('opens a password of any bytes, and one typed in another Unicode form', async () => {
    using scratch = new Scratch()
    for (const [given, typed] of [
      [Buffer.from('Cafe\u0301'), Buffer.from('Caf\u00e9')],
      [Buffer.from([0x63, 0xe9, 0x20]), Buffer.from([0x63, 0xe9, 0x20])],
    ] as const) {
      const { site } = await makeKeyedSite()
      await site.accounts.create(address, Buffer.from(given))
      const run = await decrypt(scratch, await exportOf(site), { password: typed })
      assert.equal(run.exitCode, 0, run.refusal)
      await site.accounts.close()
    }
  })

  it('refuses, in words, a secret that is not the owner’s', async () => {
    using scratch = new Scratch()
    const { site } = await makeKeyedSite()
    await site.accounts.create(address, password())
    const bytesBefore = await exportOf(site)
    const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password())
    await finished
    await site.accounts.create('bob@example.org', password('bob'))
    const bob = await site.accounts.enableAtRest('bob@example.org', password('bob'))
    await bob.finished
    const bytes = await exportOf(site)
    const typed = String(recoveryCode)
    const mistyped = (typed.startsWith('0') ? '1' : '0') + typed.slice(1)
    const rows = [
      ['the code of another account', bytes, { code: String(bob.recoveryCode) }, /wrong key.*does not open/],
      ['a code with one wrong symbol', bytes, { code: mistyped }, /mistake in it; perhaps symbol 1 is/],
      ['a code that is cut', bytes, { code: typed.slice(0, -1) }, /28 symbols, this one has 27/],
      ['a code with a letter that none has', bytes, { code: `U${typed.slice(1)}` }, /symbol that no/],
      ['no code at all', bytes, { typed: '' }, /28 symbols, this one has 0/],
      ['a code before there was one', bytesBefore, { code: String(recoveryCode) }, /wrong key.*no slot/],
      ['another password', bytes, { password: 'correct horsf' }, /wrong key.*does not open/],
      ['an empty password', bytes, { password: '' }, /wrong key/],
      ['a password with something behind', bytes, { password: 'correct horse ' }, /wrong key/],
      ['half a site key', bytes, { siteKey: Buffer.alloc(16) }, /32 bytes/],
    ] as const
    for (const [name, exported, secrets, words] of rows) {
      const run = await decrypt(scratch, exported, secrets)
      assert.equal(run.exitCode, 1, name)
      assert.match(run.refusal, words, name)
      assert.throws(() => statSync(run.outDir), { code: 'ENOENT' }, name)
    }
    await site.accounts.close()
  })

  it('writes files that only their owner can read, below a directory that was empty', async () => {
    using scratch = new Scratch()
    const { site } = await makeKeyedSite()
    await site.accounts.create(address, password())
    const open = await site.accounts.login(address, password(), session)
    for (const name of mailboxNames) {
      await open.createMailbox(name)
      await open.append(name, chunks(mail('private')), { flags: [] })
    }
    await open.close()
    const bytes = await exportOf(site)
    const run = await decrypt(scratch, bytes, { password: 'correct horse' })
    const paths = [
      'index.json',
      ...run.index().mailboxes.flatMap((box) => box.messages.map(({ file }) => file)),
    ]
    assert.equal(paths.length, mailboxNames.length + 1)
    for (const path of paths) assert.equal(statSync(join(run.outDir, path)).mode & 0o077, 0, path)
    assert.equal(statSync(run.outDir).mode & 0o077, 0)
    for (const { directory } of run.index().mailboxes) assert.match(directory, /^\d+-[^/\\:"<>\u0000]*$/u)

    writeFileSync(join(scratch.path, 'something'), '')
    const again = await decrypt(scratch, bytes, { password: 'correct horse' }, scratch.path)
    assert.equal(again.exitCode, 1)
    assert.match(again.refusal, /is not empty/)
    await site.accounts.close()
  })
})
