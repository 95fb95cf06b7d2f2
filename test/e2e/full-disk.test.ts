// A disk that fills up under the server: senders are told to come again, nothing acknowledged is lost, and it goes on by itself.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, open, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { ImapSession } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { skipUnless, skipWithout, skipWithoutRoot, works } from '../support/programs.ts'
import { ServerProcess } from '../support/server-process.ts'

const address = 'alice@example.org'
const password = 'a password for full disks'
const patienceMs = 300_000

/** A small disk in memory. Disposing unmounts it. */
class SmallDisk implements AsyncDisposable {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async mount(size: string): Promise<SmallDisk> {
    const path = await mkdtemp(join(tmpdir(), 'letterlock-disk-'))
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
    if (status === 0) return new SmallDisk(path)
    await rmdir(path)
    throw new Error(`cannot mount a tmpfs: ${stderr.toString()}`)
  }

  get #ballast(): string {
    return join(this.path, 'ballast')
  }

  /** Takes so much away, to be given back by `free`. */
  async take(megabytes: number): Promise<void> {
    await writeFile(this.#ballast, Buffer.alloc(megabytes * 1024 * 1024))
  }

  /** Takes every byte that is free. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'a')
    try {
      for (const size of [1024 * 1024, 4096]) {
        const block = Buffer.alloc(size)
        while (await file.write(block).then(({ bytesWritten }) => bytesWritten > 0, isFull));
      }
    } finally {
      await file.close()
    }
  }

  async free(): Promise<void> {
    await rm(this.#ballast, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    spawnSync('umount', ['--lazy', this.path])
    await rmdir(this.path)
  }
}

function isFull(error: unknown): false {
  assert.ok(
    error instanceof Error && 'code' in error && error.code === 'ENOSPC',
    'only a full disk is expected',
  )
  return false
}

function canMount(): boolean {
  const path = spawnSync('mktemp', ['-d']).stdout.toString().trim()
  const isMounted = works('mount', '-t', 'tmpfs', '-o', 'size=1M', 'tmpfs', path)
  if (isMounted) spawnSync('umount', [path])
  spawnSync('rmdir', [path])
  return isMounted
}

const skip =
  skipWithoutRoot() || skipWithout('mount') || skipUnless(canMount(), 'tmpfs cannot be mounted here')

/** Numbers of the messages in INBOX, as their subjects say. */
async function numbersInInbox(session: ImapSession): Promise<number[]> {
  await session.ok('SELECT INBOX')
  const { untagged } = await session.ok('UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
  return untagged.flatMap(({ literals }) =>
    literals.map((field) => Number(/number (\d+)/.exec(field.toString())?.[1])),
  )
}

test('a full disk refuses mail for the time being and loses none', { skip, timeout: 900_000 }, async (t) => {
  await using disk = await SmallDisk.mount('240M')
  await using site = await ServerProcess.start({ dataParent: disk.path })
  await site.addSealedUser(address, password)
  const filler = 'x'.repeat(70) + '\r\n'
  const kept: number[] = []
  const refused = new Set<string>()
  let number = 0

  /** Delivers one message; resolves to whether it was taken. */
  const deliver = async (session: LmtpSession): Promise<boolean> => {
    const message = Buffer.from(`Subject: number ${++number}\r\n\r\n${filler.repeat(1_000)}`)
    const reply = await session.deliver({ from: 'a@sender.test', to: address, message })
    if (reply.startsWith('250')) kept.push(number)
    else {
      assert.match(reply, /^4\d\d /)
      refused.add(reply.replace(/^(\d{3} \d\.\d\.\d).*/s, '$1'))
    }
    return reply.startsWith('250')
  }
  const deliverUntil = async (isTaken: boolean): Promise<void> => {
    using session = await LmtpSession.connect(site.ports.lmtp)
    const deadline = performance.now() + patienceMs
    while ((await deliver(session)) !== isTaken) {
      assert.ok(performance.now() < deadline, `still ${isTaken ? 'refused' : 'taken'}: ${site.logTail()}`)
      // Refusals cost nothing, and the server looks at the disk once a second.
      if (isTaken) await delay(200)
    }
  }
  const assertAllThere = async (): Promise<void> => {
    using session = await ImapSession.login({ port: site.ports.imap }, address, password)
    assert.deepEqual(
      (await numbersInInbox(session)).sort((a, b) => a - b),
      kept,
    )
    await session.logout()
  }

  await disk.take(100)
  // The reserve is reached first: no more bodies, but everything else.
  await deliverUntil(false)
  t.diagnostic(`${kept.length} messages taken, then ${[...refused].join()}`)
  {
    using session = await ImapSession.login({ port: site.ports.imap }, address, password)
    await session.ok('SELECT INBOX')
    await session.ok('UID STORE 1:100 +FLAGS.SILENT (\\Deleted)')
    await session.ok('UID EXPUNGE 1:100')
    kept.splice(0, 100)
    assert.deepEqual(await numbersInInbox(session), kept)
    await session.logout()
  }

  // Then somebody else takes the last byte while mail comes in.
  const stream = (async () => {
    using session = await LmtpSession.connect(site.ports.lmtp)
    while (await deliver(session));
  })()
  await disk.fill()
  await stream
  await deliverUntil(false)
  await assertAllThere()
  assert.ok(site.isRunning, 'the server runs on')
  await disk.free()
  await deliverUntil(true)
  await assertAllThere()

  // And a crash on the full disk.
  await disk.fill()
  await deliverUntil(false)
  await site.kill()
  const isStarted = await site.launch()
  t.diagnostic(isStarted ? 'starts on a full disk' : 'does not start on a full disk')
  if (isStarted) await assertAllThere()
  await site.kill()
  await disk.free()
  await site.start()
  await deliverUntil(true)
  await assertAllThere()
  t.diagnostic(`${kept.length} messages at the end; refusals were ${[...refused].join()}`)
})
