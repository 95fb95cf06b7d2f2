// Exports: what is written is everything, for the owner only, goes on after an interruption, and comes back as it was.
import assert from 'node:assert/strict'
import { readdir, readFile, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { OpenAccount } from '../../src/account/api.ts'
import { TransferFailure } from '../../src/transfer/errors.ts'
import { exportMail, type ExportedMailbox, type ExportOptions } from '../../src/transfer/export.ts'
import { openMaildir } from '../../src/transfer/maildir-source.ts'
import { openMbox } from '../../src/transfer/mbox-source.ts'
import { alice, chunks, makeSite } from '../account/support.ts'
import { letter, lived, run, sums, temporary, view } from './support.ts'

const formats = ['maildir', 'mbox'] as const
const openers = { maildir: openMaildir, mbox: openMbox }

function write(
  account: OpenAccount,
  root: string,
  options: Partial<ExportOptions> & Pick<ExportOptions, 'format'>,
): Promise<ExportedMailbox[]> {
  return exportMail(account, root, {
    signal: new AbortController().signal,
    progress: () => undefined,
    trouble: ({ reason }) => assert.fail(reason),
    ...options,
  })
}

describe('exporting', () => {
  for (const format of formats) {
    it(`${format}: an import of the export is the same account`, async (context) => {
      const root = join(await temporary(context), 'out')
      const open = await lived()
      const done = await write(open, root, { format })
      const before = await view(open)
      const total = Object.values(before).reduce((sum, { messages }) => sum + messages.length, 0)
      assert.equal(
        done.reduce((sum, one) => sum + one.verified, 0),
        total,
      )
      const other = await alice(await makeSite())
      // Mailboxes that every account begins with, and this one has not.
      await other.deleteMailbox('Sent')
      for (const { name } of other.mailboxes()) await other.unsubscribe(name)
      const imported = await run(other, openers[format](root))
      assert.deepEqual(imported.troubles, [])
      assert.deepEqual(await view(other), before)
      assert.equal(sums(await run(other, openers[format](root))).added, 0)
    })

    it(`${format}: files are the owner's only`, async (context) => {
      const root = join(await temporary(context), 'out')
      await write(await lived(), root, { format })
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        const { mode } = await stat(join(entry.parentPath, entry.name))
        assert.equal(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name)
      }
      assert.equal((await stat(root)).mode & 0o777, 0o700)
    })

    it(`${format}: goes on where it was, also over a torn file, and follows what has changed`, async (context) => {
      const root = join(await temporary(context), 'out')
      const open = await lived()
      const controller = new AbortController()
      let steps = 0
      const progress = (): void => {
        steps += 1
        if (steps === 6) controller.abort(new Error('stop'))
      }
      await assert.rejects(write(open, root, { format, signal: controller.signal, progress }))
      if (format === 'maildir') {
        const [first = ''] = await readdir(join(root, 'cur'))
        await truncate(join(root, 'cur', first), 3)
      } else await writeFile(join(root, 'x.mbox.part'), 'From a')
      await write(open, root, { format })
      const inbox = await open.select('INBOX', { isReadOnly: false })
      await inbox.storeFlags(inbox.uids(), 'add', ['\\Flagged', 'late'])
      await open.append('INBOX', chunks(Buffer.from(letter('late'))), { flags: [] })
      const again = await write(open, root, { format })
      const other = await alice(await makeSite())
      await run(other, openers[format](root))
      assert.deepEqual((await view(other))['INBOX']?.messages, (await view(open))['INBOX']?.messages)
      assert.ok(again.reduce((sum, one) => sum + one.written, 0) <= (format === 'maildir' ? 1 : 8))
    })

    it(`${format}: one mailbox, from a day on`, async (context) => {
      const root = join(await temporary(context), 'out')
      const open = await lived()
      const done = await write(open, root, { format, mailbox: 'x', since: Date.UTC(2001, 3, 1) })
      assert.deepEqual(
        done.map(({ name, messages, written }) => [name, messages, written]),
        [['x', 3, 3]],
      )
    })

    it(`${format}: refuses a folder that holds something else`, async (context) => {
      const root = await temporary(context)
      await writeFile(join(root, 'letter.txt'), 'mine')
      const refused = (error: unknown): boolean =>
        error instanceof TransferFailure && error.code === 'destination-in-use'
      const open = await lived()
      await assert.rejects(write(open, root, { format }), refused)
      assert.deepEqual(await readdir(root), ['letter.txt'])
      await unlink(join(root, 'letter.txt'))
      await write(open, root, { format })
      await assert.rejects(write(open, root, { format: format === 'mbox' ? 'maildir' : 'mbox' }), refused)
      await assert.rejects(write(open, join(root, 'no/such'), { format }), /cannot write/)
    })
  }

  it('maildir: an import without our table takes the same messages', async (context) => {
    const root = join(await temporary(context), 'out')
    const open = await lived()
    await write(open, root, { format: 'maildir' })
    await unlink(join(root, 'letterlock-export.json'))
    const other = await alice(await makeSite())
    await run(other, openMaildir(root))
    const [mine, theirs] = [await view(open), await view(other)]
    assert.deepEqual(theirs['INBOX']?.messages, mine['INBOX']?.messages)
    assert.deepEqual(theirs['x']?.messages, mine['x']?.messages)
    assert.match(await readFile(join(root, 'dovecot-uidlist'), 'utf8'), /^3 V\d+ N\d+ G[0-9a-f]{32}\n\d+ :/)
  })
})
