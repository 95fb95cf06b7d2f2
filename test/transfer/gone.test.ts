// Mail and mailboxes that somebody removes while they are exported, or just after they were imported.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { OpenAccount, SelectedMailbox } from '../../src/account/api.ts'
import { Refusal } from '../../src/account/errors.ts'
import { collect } from '../../src/base/async.ts'
import { archiveOf } from '../../src/transfer/export-archive.ts'
import { exportMail } from '../../src/transfer/export.ts'
import { openMaildir } from '../../src/transfer/maildir-source.ts'
import { openMbox } from '../../src/transfer/mbox-source.ts'
import { zipped } from '../../src/transfer/zip.ts'
import { alice, chunks, makeSite, overriding } from '../account/support.ts'
import { files, letter, run, sums, temporary } from './support.ts'

const signal = new AbortController().signal
const formats = ['maildir', 'mbox'] as const
const openers = { maildir: openMaildir, mbox: openMbox }

const subjectsOf = (text: string): string[] =>
  [...text.matchAll(/^Subject: (\S+)/gm)].map(([, one]) => one ?? '')

async function filled(): Promise<OpenAccount> {
  const open = await alice(await makeSite())
  for (const subject of ['one', 'two', 'three'])
    for (const name of ['INBOX', 'Archive'])
      await open.append(name, chunks(Buffer.from(letter(subject).replaceAll('\n', '\r\n'))), { flags: [] })
  return open
}

/** An account in which the second message of each mailbox goes between its being found and its being read. */
function leaking(open: OpenAccount): OpenAccount {
  const watched = (mailbox: SelectedMailbox): SelectedMailbox =>
    overriding(mailbox, {
      async *contents(uids) {
        for await (const content of mailbox.contents(uids))
          yield overriding(content, {
            async *read(start, end) {
              if (content.uid === mailbox.uids()[1])
                throw new Refusal('message-expunged', 'The message was expunged')
              yield* content.read(start, end)
            },
          })
      },
    })
  return overriding(open, {
    select: async (name, options) => watched(await open.select(name, options)),
  })
}

describe('what goes while it is exported', () => {
  for (const format of formats) {
    it(`${format}: a message keeps nothing else out, in files and in an archive`, async (context) => {
      const root = join(await temporary(context), 'out')
      const open = leaking(await filled())
      const done = await exportMail(open, root, {
        ...{ format, signal, progress: () => undefined, trouble: ({ reason }) => assert.fail(reason) },
      })
      assert.deepEqual(
        done.filter(({ written }) => written > 0).map(({ name, written }) => [name, written]),
        [
          ['INBOX', 2],
          ['Archive', 2],
        ],
      )
      const other = await alice(await makeSite())
      assert.deepEqual(sums(await run(other, openers[format](root))).added, 4)
      const octets = await collect(zipped(archiveOf(open, { format, folder: 'a', now: 0, signal })))
      assert.ok(octets.includes('Archive'))
    })

    it(`${format}: a mailbox is named in the archive among what was left out`, async () => {
      const open = await filled()
      const found: string[] = []
      for await (const { path, content } of archiveOf(open, { format, folder: 'a', now: 0, signal })) {
        if (open.mailbox('Archive')) await open.deleteMailbox('Archive')
        const text = (await collect(content)).toString()
        found.push(...subjectsOf(text))
        if (path === 'a/NOT-EXPORTED.txt') found.push(text.trim())
      }
      const left = 'Archive: was removed, or renamed, while this was made'
      assert.deepEqual(found, ['one', 'two', 'three', left])
    })
  }
})

describe('what goes just after it was imported', () => {
  it('is told, and is no failure', async (context) => {
    const root = await temporary(context)
    await files(root, { 'cur/1.a:2,S': letter('one'), 'cur/2.a:2,S': letter('two'), 'new/': '', 'tmp/': '' })
    const done = await run(leaking(await alice(await makeSite())), openMaildir(root))
    const { added, verified } = sums(done)
    assert.deepEqual([added, verified], [2, 1])
    assert.deepEqual(
      done.troubles.map(({ label }) => label),
      ['1 added messages'],
    )
    await writeFile(join(root, 'cur/3.a:2,S'), letter('three'))
    const again = await run(leaking(await alice(await makeSite())), openMaildir(root))
    assert.equal(sums(again).added, 3)
  })
})
