// Maildirs: both layouts, what stands beside the messages, second runs, and what hostile folders hold.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { OpenAccount } from '../../src/account/api.ts'
import { TransferFailure } from '../../src/transfer/errors.ts'
import { openMaildir } from '../../src/transfer/maildir-source.ts'
import { alice, makeSite } from '../account/support.ts'
import { filled, files, letter, run, sums, temporary, view } from './support.ts'

const account = async (): Promise<OpenAccount> => alice(await makeSite())
const noon = Date.UTC(2020, 4, 1, 12) / 1000

describe('importing a Maildir', () => {
  it('keeps mailboxes, flags, keywords, dates and the order of UIDs', async (context) => {
    const root = await temporary(context)
    await files(root, {
      'new/3.a': [letter('new'), noon + 3],
      'cur/1.b:2,RS': [letter('answered'), noon + 1],
      'cur/2.c:2,FSab': [letter('keywords'), noon + 2],
      'dovecot-keywords': '0 $Label1\n1 NonJunk\n',
      'dovecot-uidlist': '3 V1 N9 Gabc\n5 W12 S11 :3.a\n6 :2.c\n7 :1.b\n',
      '.Sent/cur/4.d:2,S': letter('sent'),
      '.Gel&APY-schte Elemente/cur/5.e:2,ST': letter('trash'),
      '.Lists.Node &- npm/cur/6.f:2,': letter('deep'),
      '.Empty/cur/': '',
      'tmp/9.z': letter('not yet'),
      subscriptions: 'V\t2\n\nLists\tNode &- npm\nINBOX\n',
    })
    const open = await account()
    const done = await run(open, openMaildir(root))
    assert.deepEqual(done.troubles, [])
    assert.deepEqual(await filled(open), {
      INBOX: ['new []', 'keywords [$Label1 NonJunk \\Flagged \\Seen]', 'answered [\\Answered \\Seen]'],
      'Lists/Node & npm': ['deep []'],
      Sent: ['sent [\\Seen]'],
      Trash: ['trash [\\Deleted \\Seen]'],
    })
    const seen = await view(open)
    assert.deepEqual(
      seen['INBOX']?.messages.map(({ seconds }) => seconds),
      [noon + 3, noon + 2, noon + 1],
    )
    assert.equal(seen['Lists/Node & npm']?.isSubscribed, true)
    assert.ok(seen['Empty'], 'an empty mailbox is made too')
    assert.equal(seen['Empty'].isSubscribed, false)
    assert.deepEqual(sums(done), { added: 6, present: 0, left: 0, verified: 6 })
  })

  it('reads folders in folders, and Courier’s keywords and UIDs', async (context) => {
    const root = await temporary(context)
    await files(root, {
      'cur/1.a:2,': letter('one'),
      'cur/2.b:2,S': letter('two'),
      'cur/3.c:2,': letter('three'),
      courierimapuiddb: '1 123 9\n3 2.b\n4 1.a\n5 3.c\n',
      'courierimapkeywords/:list': '$Junk\nwork\n\n1.a:0 1\n3.c:0\n',
      'courierimapkeywords/.5.3.c': 'old\n',
      'courierimapkeywords/.77.3.c': 'later\n',
      'Projects/cur/4.d:2,': letter('four'),
      'Projects/v1.0/cur/5.e:2,': letter('five'),
    })
    const open = await account()
    await run(open, openMaildir(root))
    assert.deepEqual(await filled(open), {
      INBOX: ['two [\\Seen]', 'one [$Junk work]', 'three [later]'],
      Projects: ['four []'],
      'Projects/v1.0': ['five []'],
    })
  })

  it('adds nothing in a second run, and only what is missing in a later one', async (context) => {
    const root = await temporary(context)
    await files(root, {
      'cur/1.a:2,': [letter('twin'), noon],
      'cur/2.b:2,': [letter('twin'), noon],
      'cur/3.c:2,': [letter('other'), noon],
      'cur/4.d:2,': [letter('toner'), noon],
    })
    const open = await account()
    assert.equal(sums(await run(open, openMaildir(root))).added, 4)
    const before = await view(open)
    assert.deepEqual(sums(await run(open, openMaildir(root))), { added: 0, present: 4, left: 0, verified: 0 })
    assert.deepEqual(await view(open), before)
    await files(root, { 'new/5.e': [letter('twin'), noon], 'new/6.f': [letter('more'), noon] })
    assert.deepEqual(sums(await run(open, openMaildir(root))), { added: 2, present: 4, left: 0, verified: 2 })
    assert.equal((await filled(open))['INBOX']?.filter((line) => line.startsWith('twin')).length, 3)
  })

  it('changes nothing in a dry run, and says the same as the real one', async (context) => {
    const root = await temporary(context)
    await files(root, { 'cur/1.a:2,': letter('one'), '.Neu/cur/2.b:2,': letter('two') })
    const open = await account()
    const before = await view(open)
    assert.deepEqual(sums(await run(open, openMaildir(root), { isDryRun: true })), {
      ...{ added: 2, present: 0, left: 0, verified: 0 },
    })
    assert.deepEqual(await view(open), before)
  })

  it('puts everything below a mailbox', async (context) => {
    const root = await temporary(context)
    await files(root, { 'cur/1.a:2,': letter('one'), '.Sent/cur/2.b:2,': letter('two') })
    const open = await account()
    await run(open, openMaildir(root), { into: 'Old/Server' })
    assert.deepEqual(await filled(open), { 'Old/Server': ['one []'], 'Old/Server/Sent': ['two []'] })
  })

  it('keeps the octets of a message whatever they are', async (context) => {
    const root = await temporary(context)
    const octets = Buffer.from('Subject: odd\r\nX: \0\xff\r\n\r\na\nb\r\nlone \r here\n\0\0end', 'latin1')
    await files(root, { 'cur/1.a:2,': octets, 'cur/2.b:2,': '', 'cur/3.c:2,': gzipSync(letter('packed')) })
    const open = await account()
    assert.equal(sums(await run(open, openMaildir(root))).verified, 3)
    const [odd, none, packed] = (await view(open))['INBOX']?.messages ?? []
    assert.equal(odd?.text, 'Subject: odd\r\nX: \0\xff\r\n\r\na\r\nb\r\nlone \r here\r\n\0\0end')
    assert.equal(none?.text, '')
    assert.match(packed?.text ?? '', /^From: Bob[^]*Subject: packed\r\n/)
  })

  it('tells what it cannot take, follows no link, opens no pipe, and takes the rest', async (context) => {
    const root = await temporary(context)
    const elsewhere = await temporary(context)
    await files(elsewhere, { secret: letter('stolen'), 'cur/7.g:2,': letter('stolen too') })
    await files(root, {
      'cur/1.a:2,': letter('good'),
      'cur/2.b:2,': Buffer.alloc(200_000, 'x'),
      'cur/3.c:2,': Buffer.from('28b52ffd00', 'hex'),
      'cur/4.dir/x': 'no message',
    })
    await symlink(join(elsewhere, 'secret'), join(root, 'cur/5.e:2,'))
    await symlink(elsewhere, join(root, '.Linked'))
    execFileSync('mkfifo', [join(root, 'cur/6.f:2,')])
    const open = await alice(await makeSite({ maxMessageBytes: 100_000 }))
    const done = await run(open, openMaildir(root))
    assert.deepEqual(await filled(open), { INBOX: ['good []'] })
    const told = done.troubles.map(({ label, reason }) => `${label?.replace(root, '') ?? ''}: ${reason}`)
    assert.equal(told.length, 6, told.join('\n'))
    for (const wanted of [
      /^\/\.Linked: is a symbolic link/,
      /^cur\/2\.b.*larger than this server takes/,
      /^cur\/3\.c.*compressed with zstd/,
      /^cur\/4\.dir: is no regular file/,
      /^cur\/5\.e.*symbolic link/,
      /^cur\/6\.f.*no regular file/,
    ])
      assert.ok(
        told.some((line) => wanted.test(line)),
        `${wanted.source} in ${told.join('\n')}`,
      )
  })

  it('finds a message again that got other flags while the import ran', async (context) => {
    const root = await temporary(context)
    await files(root, { 'new/1.a': letter('moved'), 'cur/2.b:2,': letter('gone') })
    const source = await openMaildir(root)
    const [inbox] = source.mailboxes
    const messages = (await inbox?.list(() => undefined)) ?? []
    await rename(join(root, 'new/1.a'), join(root, 'cur/1.a:2,S'))
    await rename(join(root, 'cur/2.b:2,'), join(root, 'away'))
    const read: string[] = []
    for await (const [, outcome] of inbox?.read(messages, 1_000_000) ?? [])
      read.push('reason' in outcome ? outcome.reason : 'read')
    assert.deepEqual(read, ['read', 'went away while it was being read'])
  })

  it('keeps names apart that cannot be names here', async (context) => {
    const root = await temporary(context)
    await files(root, {
      'cur/': '',
      'a*b/cur/1.a:2,': letter('star'),
      'a%b/cur/2.b:2,': letter('percent'),
      'a_b/cur/3.c:2,': letter('own'),
    })
    const open = await account()
    await run(open, openMaildir(root))
    const names = Object.keys(await filled(open))
    assert.equal(names.length, 3, names.join())
    assert.deepEqual((await filled(open))['a_b']?.includes('own []'), true)
  })

  const unfit: readonly (readonly [name: string, tree: Record<string, string>, code: string])[] = [
    ['an empty folder', { 'x/': '' }, 'format-does-not-fit'],
    ['a folder of mbox files', { Sent: 'From a Sat Nov 21 12:00:00 2026\nA: b\n\n' }, 'format-does-not-fit'],
  ]
  for (const [name, tree, code] of unfit) {
    it(`refuses ${name} in words`, async (context) => {
      const root = await temporary(context)
      await files(root, tree)
      await assert.rejects(
        openMaildir(root),
        (error) =>
          error instanceof TransferFailure && error.code === code && /no Maildir/.test(error.message),
      )
    })
  }

  it('says that there is nothing where nothing is', async (context) => {
    const root = await temporary(context)
    await assert.rejects(openMaildir(join(root, 'none')), /there is nothing at/)
  })
})
