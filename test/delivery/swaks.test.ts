import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'node:test'
import { skipWithout } from '../support/programs.ts'
import { withoutTrace } from './accounts-double.ts'
import { openDoor } from './open-door.ts'

const run = promisify(execFile)
const skip = skipWithout('swaks')

test('swaks delivers a fixture by LMTP over TCP, octet for octet', { skip }, async () => {
  await using site = await openDoor()
  const file = 'fixtures/mail/002-alternative.eml'
  await run('swaks', [
    '--server',
    '127.0.0.1',
    '--port',
    String(site.where),
    '--protocol',
    'LMTP',
    '--to',
    'bob@example.org,alice@example.org',
    '--from',
    'a@b.example',
    '--data',
    `@${file}`,
  ])
  const original = (await readFile(file, 'latin1')).replace(/\r?\n/g, '\r\n')
  for (const address of ['bob@example.org', 'alice@example.org']) {
    const message = withoutTrace(site.accounts.to(address)[0] ?? Buffer.of()).toString('latin1')
    // swaks ends its data with a line end of its own.
    assert.equal(message.replace(/(\r\n)+$/, ''), original.replace(/(\r\n)+$/, ''))
  }
})

test(
  'swaks delivers 20 MB by LMTP over a Unix socket, and hears who has it and who has not',
  { skip },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'letterlock-'))
    try {
      await using site = await openDoor({
        path: join(directory, 'lmtp.sock'),
        messageBytes: 30_000_000,
        memoryBytes: 120_000_000,
      })
      const file = join(directory, 'big.eml')
      await writeFile(file, `Subject: big\r\n\r\n${`.${'z'.repeat(72)}\r\n`.repeat(275_000)}`)
      const outcome = await run(
        'swaks',
        [
          '--socket',
          String(site.where),
          '--protocol',
          'LMTP',
          '--to',
          'bob@example.org,deliver-over-quota@example.org',
          '--from',
          'a@b.example',
          '--data',
          `@${file}`,
          '--hide-send',
          '--timeout',
          '300',
        ],
        { maxBuffer: 1e8 },
      ).catch((error: unknown) => error as { readonly stdout: string })
      assert.match(outcome.stdout, /250 2\.0\.0 \S+ saved/)
      assert.match(outcome.stdout, /452 4\.2\.2 Mailbox full/)
      const [message] = site.accounts.to('bob@example.org')
      assert.ok(message && withoutTrace(message).length > 20_000_000)
      assert.match(message.toString('latin1', 0, 400), /^Received: from \S+ \(local\)\r$/m)
    } finally {
      await rm(directory, { recursive: true })
    }
  },
)
