// Uploads and archives: an export taken as a zip comes back as it was; what hostile archives hold leads nowhere, and fills no disk.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { OpenAccount } from '../../src/account/api.ts'
import { collect } from '../../src/base/async.ts'
import { TransferFailure } from '../../src/transfer/errors.ts'
import { archiveOf } from '../../src/transfer/export-archive.ts'
import type { Trouble } from '../../src/transfer/source.ts'
import { unpack } from '../../src/transfer/unpack.ts'
import { UploadFiles } from '../../src/transfer/upload-files.ts'
import { uploadSource } from '../../src/transfer/upload-source.ts'
import { zipped, type ZipEntry } from '../../src/transfer/zip.ts'
import { alice, makeSite } from '../account/support.ts'
import { filled, files, letter, lived, run, sums, temporary, view, type Imported } from './support.ts'

const account = async (): Promise<OpenAccount> => alice(await makeSite())
const noon = Date.UTC(2020, 4, 1, 12)
const unbounded = new AbortController().signal

async function* pieces(bytes: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function zipOf(contents: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (const [path, content] of Object.entries(contents))
      yield { path, modifiedAt: noon, content: pieces(Buffer.from(content)) }
  }
  return collect(zipped(entries()))
}

/** Unpacks and imports, as the page does. `limit` in octets. */
async function upload(
  context: TestContext,
  open: OpenAccount,
  sent: Readonly<Record<string, Buffer>>,
  limit = 64 * 1024 * 1024,
): Promise<Imported> {
  const directory = await temporary(context)
  const allowance = { leftBytes: limit }
  await using tree = await UploadFiles.make(directory, allowance)
  const troubles: Trouble[] = []
  for (const [name, bytes] of Object.entries(sent)) {
    await unpack(name, pieces(bytes, 60_000), {
      ...{ files: tree, directory, allowance, signal: unbounded },
      trouble: (one) => troubles.push(one),
    })
    // What waits has no name, so that nobody can open it.
    assert.deepEqual(await readdir(directory), [])
  }
  return await run(open, uploadSource(tree, troubles))
}

const reasons = ({ troubles }: Imported): string[] =>
  troubles.map(({ label, reason }) => `${label ?? ''}: ${reason}`)

describe('an archive of an account', () => {
  for (const format of ['maildir', 'mbox'] as const) {
    it(`comes back as it was, as ${format}, and a second time adds nothing`, async (context) => {
      const open = await lived()
      const options = { format, folder: 'alice-mail', now: noon, signal: unbounded }
      const bytes = await collect(zipped(archiveOf(open, options)))
      const other = await account()
      await other.deleteMailbox('Sent')
      await other.unsubscribe('Drafts')
      const done = await upload(context, other, { 'alice.zip': bytes })
      assert.deepEqual(done.troubles, [])
      assert.deepEqual(await view(other), await view(open))
      const { added } = sums(done)
      const again = await upload(context, other, { 'alice.zip': bytes })
      assert.deepEqual(sums(again), { added: 0, present: added, left: 0, verified: 0 })
    })
  }

  it('is a zip that unzip, or python, finds whole', async (context) => {
    const root = await temporary(context)
    const open = await lived()
    const options = { format: 'maildir', folder: 'alice', now: noon, signal: unbounded } as const
    await writeFile(join(root, 'mail.zip'), await collect(zipped(archiveOf(open, options))))
    const check = 'import sys,zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())'
    assert.equal(
      execFileSync('python3', ['-c', check, join(root, 'mail.zip')], { encoding: 'utf8' }).trim(),
      'None',
    )
  })

  it('is made no faster than it is taken, and not at all when nobody takes it', async () => {
    const seen = { made: 0 }
    async function* entries(): AsyncGenerator<ZipEntry> {
      for (let count = 0; count < 1000; count += 1) {
        seen.made += 1
        const content = pieces(Buffer.from(`${count} `.repeat(20_000)), 10_000)
        yield { path: `${count}.txt`, modifiedAt: noon, content }
      }
    }
    const octets = zipped(entries())
    await octets.next()
    for (let turns = 0; turns < 200; turns += 1) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(seen.made < 50, String(seen.made))
    await octets.return(undefined)
    const { made } = seen
    for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(seen.made <= made + 1)
  })

  it('ends without its end when the account is locked meanwhile', async () => {
    const open = await lived()
    const ended = new AbortController()
    const options = { format: 'maildir', folder: 'a', now: noon, signal: ended.signal } as const
    const octets = zipped(archiveOf(open, options))
    await octets.next()
    ended.abort(new Error('kicked'))
    await assert.rejects(collect(octets), /kicked/)
  })
})

describe('an upload', () => {
  it('is a Maildir in a tar.gz, whatever comes first in it', async (context) => {
    const root = await temporary(context)
    await files(root, {
      'Maildir/cur/1.b:2,RSa': [letter('answered'), noon / 1000],
      'Maildir/new/2.a': letter('new'),
      'Maildir/dovecot-keywords': '0 $Label1\n',
      'Maildir/.Lists.Node/cur/3.c:2,S': letter('deep'),
      'Maildir/.Lists.Node/cur/4.d:2,S': gzipSync(letter('packed')),
    })
    await symlink('/etc/passwd', join(root, 'Maildir/cur/5.e:2,S'))
    const bytes = execFileSync('tar', ['czf', '-', '-C', root, 'Maildir'], { maxBuffer: 2 ** 26 })
    const open = await account()
    const done = await upload(context, open, { 'mail.tgz': bytes })
    assert.deepEqual(reasons(done), [
      'Maildir/cur/5.e:2,S: is no file, but a link or a device, and is not followed',
    ])
    assert.deepEqual(await filled(open), {
      INBOX: ['answered [$Label1 \\Answered \\Seen]', 'new []'],
      'Lists/Node': ['deep [\\Seen]', 'packed [\\Seen]'],
    })
  })

  it('is mbox files and single messages, packed or not, together or alone', async (context) => {
    const open = await account()
    const from = 'From bob@x Fri May  1 12:00:00 2020\n'
    const done = await upload(context, open, {
      'Work.mbox': Buffer.from(`${from}${letter('one')}\n${from}${letter('two')}\n`),
      'C:\\mail\\letter.eml': Buffer.from(letter('single')),
      'letter.eml': Buffer.from(`\ufeff${letter('with a mark')}`),
      'Old.mbox.gz': gzipSync(`${from}${letter('old')}\n`),
      'saved.zip': await zipOf({
        'saved/Family/a.eml': letter('family'),
        'saved/top.eml': letter('top'),
        'saved/Lists.mbox': `${from}${letter('list')}\n`,
        'saved/picture.png': Buffer.from('89504e470d0a1a0a', 'hex'),
        '__MACOSX/saved/._top.eml': 'x',
      }),
      'mail.7z': Buffer.from('377abcaf271c0004', 'hex'),
    })
    assert.deepEqual(reasons(done), [
      'mail.7z: is 7z, which is not read here: pack it as zip or tar.gz',
      'picture.png: is no mail, and was left alone',
    ])
    assert.deepEqual(await filled(open), {
      Family: ['family []'],
      INBOX: ['top []', 'single []', 'with a mark []'],
      Lists: ['list []'],
      Old: ['old []'],
      Work: ['one []', 'two []'],
    })
  })

  it('of many pieces is read back from its sealed file', async (context) => {
    const open = await account()
    const from = 'From bob@x Fri May  1 12:00:00 2020\n'
    const bodies = Array.from({ length: 40 }, (_, number) => letter(`n${number}`, `${number} `.repeat(9000)))
    const done = await upload(context, open, {
      'INBOX.mbox': Buffer.from(bodies.map((one) => `${from}${one}\n`).join('')),
    })
    assert.deepEqual(sums(done), { added: 40, present: 0, left: 0, verified: 40 })
  })
})

describe('a hostile upload', () => {
  const renamed = (zip: Buffer, from: string, to: string): Buffer => {
    assert.equal(from.length, to.length)
    return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1')
  }

  for (const [what, from, to, reason] of [
    [
      'leads out of the archive',
      'aa/b.eml',
      '../b.eml',
      'has a name that leads out of the archive, or is too long',
    ],
    [
      'leads out of it backwards',
      'aa/b.eml',
      '..\\b.eml',
      'has a name that leads out of the archive, or is too long',
    ],
    ['holds a NUL', 'aa/b.eml', 'a\0/b.eml', 'has a name that leads out of the archive, or is too long'],
    ['is there twice', 'aa/b.eml', 'good.eml', 'is there twice'],
  ] as const) {
    it(`with a name that ${what} leaves that file behind`, async (context) => {
      const open = await account()
      const zip = renamed(await zipOf({ 'good.eml': letter('good'), 'aa/b.eml': letter('bad') }), from, to)
      const done = await upload(context, open, { 'x.zip': zip })
      assert.deepEqual(
        done.troubles.map((one) => one.reason),
        [reason],
      )
      assert.deepEqual(await filled(open), { INBOX: ['good []'] })
    })
  }

  it('with an absolute name stays in the archive', async (context) => {
    const open = await account()
    const zip = renamed(
      await zipOf({ 'aetc/b.eml': letter('bad'), 'good.eml': letter('good') }),
      'aetc/',
      '/etc/',
    )
    await upload(context, open, { 'x.zip': zip })
    assert.deepEqual(await filled(open), { INBOX: ['good []'], etc: ['bad []'] })
  })

  it('that unpacks to more than is allowed is given up, whatever it claims', async (context) => {
    const zeros = Buffer.alloc(8 * 1024 * 1024)
    const bombs = {
      'bomb.zip': await zipOf({ 'a.eml': zeros, 'b.eml': zeros }),
      'bomb.gz': gzipSync(Buffer.concat([zeros, zeros])),
    }
    for (const [name, bytes] of Object.entries(bombs)) {
      assert.ok(bytes.length < 100_000)
      await assert.rejects(
        upload(context, await account(), { [name]: bytes }, 9 * 1024 * 1024),
        (error) => error instanceof TransferFailure && error.code === 'too-large',
      )
    }
  })

  it('of too many files is cut off, and what came before is there', async (context) => {
    const directory = await temporary(context)
    const allowance = { leftBytes: 2 ** 20 }
    await using tree = await UploadFiles.make(directory, allowance, 20)
    const contents = Object.fromEntries(
      Array.from({ length: 30 }, (_, number) => [`d/${number}.eml`, letter(`${number}`)] as const),
    )
    const troubles: Trouble[] = []
    await unpack('many.zip', pieces(await zipOf(contents)), {
      ...{ files: tree, directory, allowance, signal: unbounded },
      trouble: (one) => troubles.push(one),
    })
    const there = (await tree.names('archive/d')).length
    assert.ok(there > 10 && there < 20)
    assert.equal(there + troubles.length, 30)
  })

  it('that is cut off, forged or locked says so, and the rest is taken', async (context) => {
    const good = await zipOf({ 'good.eml': letter('good'), 'other.eml': letter('other', 'x'.repeat(5000)) })
    await assert.rejects(
      upload(context, await account(), { 'x.zip': good.subarray(0, good.length - 30) }),
      /the zip is damaged, or is cut off/,
    )
    await assert.rejects(
      upload(context, await account(), { 'x.gz': gzipSync(letter('x').repeat(100)).subarray(0, 60) }),
      /it is damaged, or is cut off/,
    )
    const open = await account()
    const forged = Buffer.from(good)
    const list = forged.indexOf(Buffer.from('504b0102', 'hex'))
    forged.writeUInt32LE(0xdeadbeef, list + 16)
    const done = await upload(context, open, { 'x.zip': forged })
    assert.deepEqual(reasons(done), ['good.eml: is damaged in the archive'])
    assert.deepEqual(await filled(open), { INBOX: ['other []'] })
    const locked = Buffer.from(good)
    locked.writeUInt16LE(locked.readUInt16LE(list + 8) | 1, list + 8)
    assert.deepEqual(reasons(await upload(context, await account(), { 'x.zip': locked })), [
      'good.eml: is encrypted: pack it without a password',
    ])
  })

  it('that is a tar cut off anywhere gives the files that are whole, and says what is not', async (context) => {
    const root = await temporary(context)
    const contents = { 'one.eml': letter('one', 'x'.repeat(700)), 'two.eml': letter('two', 'y'.repeat(1500)) }
    await files(root, contents)
    const tar = execFileSync('tar', ['-cf', '-', '-C', root, ...Object.keys(contents)])
    const directory = await temporary(context)
    for (let length = 600; length < 5000; length += 37) {
      const troubles: Trouble[] = []
      const allowance = { leftBytes: 1_000_000 }
      await using tree = await UploadFiles.make(directory, allowance)
      await unpack('x.tar', pieces(tar.subarray(0, length), 999), {
        ...{ files: tree, directory, allowance, signal: unbounded },
        trouble: (one) => troubles.push(one),
      })
      const found = new Set(await tree.names('archive'))
      // Headers are a block, contents as many as they need.
      assert.equal(found.has('one.eml'), length >= 1536, String(length))
      assert.equal(found.has('two.eml'), length >= 4096, String(length))
      for (const [name, text] of Object.entries(contents))
        if (found.has(name)) assert.equal((await tree.facts(`archive/${name}`))?.sizeBytes, text.length)
      if (length < 4096) assert.match(troubles.at(-1)?.reason ?? '', /is cut off/)
    }
  })

  it('with a link in a zip does not follow it', async (context) => {
    const zip = await zipOf({ 'good.eml': letter('good'), 'link.eml': '/etc/passwd' })
    const second = zip.lastIndexOf(Buffer.from('504b0102', 'hex'))
    zip.writeUInt32LE((0o120777 << 16) >>> 0, second + 38)
    assert.deepEqual(reasons(await upload(context, await account(), { 'x.zip': zip })), [
      'link.eml: is a symbolic link, which is not followed',
    ])
  })
})
