// Mbox files in their variants, trees of them, and files that are broken or hostile.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { OpenAccount } from '../../src/account/api.ts'
import { TransferFailure } from '../../src/transfer/errors.ts'
import { openMbox } from '../../src/transfer/mbox-source.ts'
import { alice, makeSite } from '../account/support.ts'
import { filled, files, letter, run, sums, temporary, view } from './support.ts'

const account = async (): Promise<OpenAccount> => alice(await makeSite())
const from = (sender = 'bob@example.org', date = 'Fri May  1 12:00:00 2020'): string =>
  `From ${sender} ${date}\n`

interface Row {
  readonly name: string
  readonly file: string | Buffer
  /** Messages as they must be here, with LF for CRLF. */
  readonly messages: readonly string[]
}

const head = 'Subject: a\n'
const inner = `two\n\n${from()}${head}\nnot a message\n`
const withLength = (body: string): string => `${head}Content-Length: ${body.length}\n\n${body}`

const rows: readonly Row[] = [
  {
    name: 'two messages',
    file: `${from()}${head}\none\n\n${from()}${head}\ntwo\n`,
    messages: [`${head}\none\n`, `${head}\ntwo\n`],
  },
  { name: 'an empty file', file: '', messages: [] },
  { name: 'blank lines ahead', file: `\n\n${from()}${head}\none\n\n`, messages: [`${head}\none\n`] },
  {
    name: 'mboxrd quoting',
    file: `${from()}${head}\n>From x\n>>From y\n> From z\n\n`,
    messages: [`${head}\nFrom x\n>From y\n> From z\n`],
  },
  {
    name: 'an unquoted From in a text',
    file: `${from()}${head}\nFrom here on:\nmore\n\nFrom now on\nS: x\n\n`,
    messages: [`${head}\nFrom here on:\nmore\n\nFrom now on\nS: x\n`],
  },
  {
    name: 'CRLF',
    file: `${from()}${head}\none\n\n${from()}${head}\ntwo\n\n`.replaceAll('\n', '\r\n'),
    messages: [`${head}\none\n`, `${head}\ntwo\n`],
  },
  {
    name: 'mixed line ends',
    file: `${from().replace('\n', '\r\n')}${head}\r\none\r\ntwo\n\n`,
    messages: [`${head}\none\ntwo\n`],
  },
  {
    name: 'no blank line between',
    file: `${from()}${head}\none\n${from()}${head}\ntwo\n`,
    messages: [`${head}\none\n`, `${head}\ntwo\n`],
  },
  { name: 'no line end at the end', file: `${from()}${head}\none`, messages: [`${head}\none`] },
  {
    name: 'blank lines that belong to a message',
    file: `${from()}${head}\none\n\n\n\n${from()}${head}\ntwo\n\n\n`,
    messages: [`${head}\none\n\n\n`, `${head}\ntwo\n\n`],
  },
  {
    name: 'a From_ line without a date',
    file: `${from()}${head}\none\n\nFrom bob\n${head}\ntwo\n\n`,
    messages: [`${head}\none\n`, `${head}\ntwo\n`],
  },
  {
    name: 'lengths over unquoted lines (mboxcl2)',
    file: `${from()}${withLength('>From x\n\n')}\n${from()}${withLength(inner)}\n`,
    messages: [`${head}\n>From x\n\n`, `${head}\n${inner}`],
  },
  {
    name: 'a forged length, which hides nothing',
    file: `${from()}${head}Content-Length: 99999\n\none\n\n${from()}${head}\ntwo\n\n`,
    messages: [`${head}Content-Length: 99999\n\none\n`, `${head}\ntwo\n`],
  },
  {
    name: 'a length that would swallow the next message',
    file: `${from()}${head}Content-Length: 54\n\none\n\n${from()}${head}\ntwo\n\n${from()}${head}\nthree\n\n`,
    messages: [`${head}Content-Length: 54\n\none\n`, `${head}\ntwo\n`, `${head}\nthree\n`],
  },
  {
    name: 'fields of the mailbox go',
    file: `${from()}${head}Status: RO\nX-UID: 7\nX-Keywords: a b\n                 \nX-Y: 1\n\none\n\n`,
    messages: [`${head}X-Y: 1\n\none\n`],
  },
  {
    name: 'NUL and octets above 127',
    file: Buffer.from(`${from()}${head}\n\0\xff\0\n\n`, 'latin1'),
    messages: [`${head}\n\0\xff\0\n`],
  },
  { name: 'a message without a header', file: `${from()}\njust text\n\n`, messages: ['\njust text\n'] },
  {
    name: 'c-client’s own message',
    file: `${from()}X-IMAP: 1 2\nSubject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n\nx\n\n${from()}${head}\none\n\n`,
    messages: [`${head}\none\n`],
  },
]

describe('messages of an mbox', () => {
  for (const { name, file, messages } of rows) {
    it(name, async (context) => {
      const root = await temporary(context)
      await files(root, { box: file })
      const open = await account()
      const done = await run(open, openMbox(join(root, 'box')))
      const found = (await view(open))['INBOX']?.messages.map(({ text }) => text.replaceAll('\r\n', '\n'))
      assert.deepEqual(found, messages)
      assert.equal(sums(done).verified, messages.length)
      assert.deepEqual(sums(await run(open, openMbox(join(root, 'box')))), {
        ...{ added: 0, present: messages.length, left: 0, verified: 0 },
      })
    })
  }

  it('takes flags, keywords and dates', async (context) => {
    const root = await temporary(context)
    const mozilla = `${from('-')}X-Mozilla-Status: 1007\nX-Mozilla-Keys: $label1 work  \n${letter('mozilla')}\n`
    const pine = `${from('x', 'Fri May  1 12:00:00 2020 +0200')}${letter('pine').replace('\n\n', '\nStatus: RO\nX-Status: AFT\n\n')}\n`
    const undated = `From bob\nDate: Sat, 2 May 2020 01:02:03 -0700\n${letter('undated')}\n`
    await files(root, { box: mozilla + pine + undated })
    const open = await account()
    await run(open, openMbox(join(root, 'box')))
    const inbox = (await view(open))['INBOX']?.messages ?? []
    assert.deepEqual((await filled(open))['INBOX'], [
      'mozilla [$Forwarded $label1 \\Answered \\Flagged \\Seen work]',
      'pine [\\Answered \\Draft \\Flagged \\Seen]',
      'undated []',
    ])
    assert.deepEqual(
      inbox.map(({ seconds, zone }) => [seconds, zone]),
      [
        [Date.UTC(2020, 4, 1, 12) / 1000, 0],
        [Date.UTC(2020, 4, 1, 10) / 1000, 120],
        [Date.UTC(2020, 4, 2, 8, 2, 3) / 1000, -420],
      ],
    )
  })

  it('finds From_ lines across the pieces it reads a file in', async (context) => {
    const root = await temporary(context)
    const messages = Array.from({ length: 40 }, (_, index) =>
      letter(`n${index}`, `${'x'.repeat(80_000 + 977 * index)}\n`),
    )
    await files(root, { box: messages.map((text) => `${from()}${text}\n`).join('') })
    const open = await account()
    const done = await run(open, openMbox(join(root, 'box')))
    assert.deepEqual(sums(done), { added: 40, present: 0, left: 0, verified: 40 })
  })

  it('leaves a message beyond the limit, however long its one line, and takes its neighbours', async (context) => {
    const root = await temporary(context)
    await files(root, {
      box: `${from()}${letter('before')}\n${from()}${letter('huge', `${'y'.repeat(3_000_000)}\n`)}\n${from()}${letter('after')}\n`,
    })
    const open = await alice(await makeSite({ maxMessageBytes: 1_000_000 }))
    const done = await run(open, openMbox(join(root, 'box')))
    assert.deepEqual((await filled(open))['INBOX'], ['before []', 'after []'])
    assert.match(done.troubles[0]?.reason ?? '', /larger than this server takes/)
    assert.equal(sums(done).left, 1)
  })
})

describe('trees of mbox files', () => {
  it('takes them as Thunderbird, Apple and others keep them', async (context) => {
    const root = await temporary(context)
    const box = (subject: string): string => `${from()}${letter(subject)}\n`
    await files(root, {
      Inbox: box('inbox'),
      'Inbox.msf': '<mdb>',
      'Inbox.sbd/Work': box('work'),
      Gesendet: box('sent'),
      'lists/node': box('node'),
      'Notes.mbox/mbox': box('notes'),
      'Pl&AOE-ny': box('plans'),
      '.subscriptions': 'lists/node\n',
      'readme.txt': 'no mailbox at all\n',
    })
    const open = await account()
    const done = await run(open, openMbox(root))
    assert.deepEqual(await filled(open), {
      INBOX: ['inbox []'],
      'INBOX/Work': ['work []'],
      Notes: ['notes []'],
      Plány: ['plans []'],
      Sent: ['sent []'],
      'lists/node': ['node []'],
    })
    assert.equal((await view(open))['lists/node']?.isSubscribed, true)
    assert.deepEqual(
      done.troubles.map(({ reason }) => reason),
      ['does not begin as an mbox does, and was left alone'],
    )
  })

  const unfit: readonly (readonly [
    name: string,
    tree: Record<string, string | Buffer>,
    path: string,
    words: RegExp,
  ])[] = [
    ['a message', { m: letter('m') }, 'm', /is no mbox/],
    ['a compressed file', { m: Buffer.from('1f8b0800', 'hex') }, 'm', /is no mbox/],
    ['a Maildir', { 'cur/1': 'x' }, '.', /is a Maildir/],
    ['a folder without mail', { 'a.txt': 'x' }, '.', /there is no mbox in/],
  ]
  for (const [name, tree, path, words] of unfit) {
    it(`refuses ${name} in words`, async (context) => {
      const root = await temporary(context)
      await files(root, tree)
      await assert.rejects(
        openMbox(join(root, path)),
        (error) =>
          error instanceof TransferFailure &&
          error.code === 'format-does-not-fit' &&
          words.test(error.message),
      )
    })
  }
})
