import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { searchMemory } from '../e2e/canary-search.ts'
import { exactly } from '../e2e/canary-marks.ts'
import { skipUnless } from '../support/programs.ts'

const compiled = fileURLToPath(new URL('../../src/server/read-buffer.js', import.meta.url))
const secret = Buffer.from('Ziegenmelker in the nightjar’s Nest')

/** Reads, wipes what it was given, and answers; `isWiped` also what Node keeps, every `everyMs`. */
const reader = (isWiped: boolean, everyMs: number): string => `
  const { createServer } = await import('node:net');
  const { ReadBuffer } = await import(${JSON.stringify(compiled)});
  const log = { write(...line) { console.log(JSON.stringify(line)) }, with() { return log } };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    let length = 0;
    socket.on('data', (chunk) => { chunk.fill(0); length += chunk.length; socket.write('=' + length + '\\n') });
  });
  if (${isWiped}) (await ReadBuffer.open(log, ${everyMs})).watch(server);
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`

/** How often memory is looked at before what is still there counts as left there. */
const looksAtMost = 120

/** Whether the secret is in memory after what the reader did about it; looked for until it is not. */
async function foundAfter(isWiped: boolean, everyMs: number, isEnded: boolean): Promise<boolean> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', reader(isWiped, everyMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const socket = connect(Number(line.toString()), '127.0.0.1')
    const sent = Buffer.concat([Buffer.alloc(50_000, 'x'), secret])
    socket.write(sent)
    // The reader says how much of it has come.
    let told = ''
    while (!told.includes(`=${sent.length}\n`))
      told += ((await once(socket, 'data')) as [Buffer])[0].toString('latin1')
    // Something short, as the end of most dialogues is.
    if (isEnded) socket.end('.')
    let isFound = true
    for (let looks = 0; isFound && looks < (isWiped ? looksAtMost : 1); looks += 1) {
      await pause(500)
      const { sightings } = await searchMemory(child.pid ?? 0, [exactly('secret', secret)])
      isFound = sightings.length > 0
    }
    socket.destroy()
    return isFound
  } finally {
    child.kill('SIGKILL')
  }
}

suite(
  'what Node reads from sockets',
  { skip: skipUnless(process.platform === 'linux', 'no /proc here') },
  () => {
    test('may still be there without us', async (t) => {
      t.diagnostic((await foundAfter(false, 100, true)) ? 'it is' : 'it is not')
    })

    test('is overwritten when the connection ends', async () => {
      assert.equal(await foundAfter(true, 100_000, true), false)
    })

    test('is overwritten while the connection lasts', async () => {
      assert.equal(await foundAfter(true, 100, false), false)
    })
  },
)
