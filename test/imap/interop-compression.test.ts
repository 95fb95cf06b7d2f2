// Programs that compress where they can, mbsync and imapflow, get the same octets as without.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ImapFlow } from 'imapflow'
import { findProgram, skipWithout } from '../support/programs.ts'
import { address, KeptLog, mail, makeHarness, passwordText, type Harness } from './harness.ts'

const bodies = ['short\r\n', `${'All work and no play. '.repeat(3)}\r\n`.repeat(20_000), '\u00fc\u00e4\r\n']
const messages = bodies.map((body, index) => mail(`number ${index}`, body))

/** Runs `read`, which returns messages, and checks that they came compressed and whole. */
async function withMail(read: (harness: Harness) => Promise<Buffer[]>): Promise<void> {
  const log = new KeptLog()
  const harness = await makeHarness({ log, door: 'loopback' })
  try {
    for (const message of messages) await harness.put(message)
    const read1 = (await read(harness)).map((bytes) => bytes.toString()).sort()
    assert.deepEqual(read1, messages.map((text) => text).sort())
    const answers = log.lines.filter(({ fields }) => fields['command'] === 'COMPRESS')
    assert.deepEqual(
      answers.map(({ fields }) => fields['answer']),
      ['OK'],
    )
  } finally {
    await harness.close()
  }
}

describe('a program that compresses', () => {
  it('is imapflow', () =>
    withMail(async ({ port }) => {
      const client = new ImapFlow({
        ...{ host: '127.0.0.1', port, secure: false, doSTARTTLS: false, logger: false },
        auth: { user: address, pass: passwordText },
      })
      await client.connect()
      const found: Buffer[] = []
      await client.mailboxOpen('INBOX')
      for await (const { source } of client.fetch('1:*', { source: true })) if (source) found.push(source)
      await client.logout()
      return found
    }))

  it('is mbsync', { skip: skipWithout('mbsync') }, () =>
    withMail(async ({ port }) => {
      const home = await mkdtemp(join(tmpdir(), 'letterlock-mbsync-'))
      try {
        await writeFile(
          join(home, 'config'),
          [
            ...['IMAPStore far', 'Host 127.0.0.1', `Port ${port}`, `User ${address}`],
            ...[`Pass "${passwordText}"`, 'SSLType None', 'AuthMechs LOGIN', ''],
            ...['MaildirStore near', `Inbox ${home}/mail`, ''],
            ...['Channel all', 'Far :far:INBOX', 'Near :near:INBOX', 'Sync Pull', 'Create Near'],
            `SyncState ${home}/state`,
            '',
          ].join('\n'),
        )
        const child = spawn(findProgram('mbsync') ?? 'mbsync', ['-c', join(home, 'config'), '-a'], {
          stdio: 'ignore',
        })
        await once(child, 'close')
        assert.equal(child.exitCode, 0)
        const files = await readdir(join(home, 'mail/new'))
        return await Promise.all(
          files.map(async (file) => {
            const text = await readFile(join(home, 'mail/new', file), 'latin1')
            // A Maildir has LF; mbsync adds its own mark.
            return Buffer.from(text.replace(/^X-TUID:.*\n/m, '').replaceAll('\n', '\r\n'), 'latin1')
          }),
        )
      } finally {
        await rm(home, { recursive: true })
      }
    }),
  )
})
