import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { coreLimit, obstacles } from '../../src/server/hardening.ts'

const run = promisify(execFile)
const compiled = fileURLToPath(new URL('../../src/server/hardening.js', import.meta.url))
const harden = `const { hardenProcess } = await import(${JSON.stringify(compiled)});
hardenProcess({ write() {}, with() { return this } });`

const refused: readonly string[] = [
  '--inspect',
  '--inspect=0.0.0.0:9229',
  '--inspect-brk',
  '--heapsnapshot_signal=SIGUSR2',
  '--inspect-wait',
  '--heapsnapshot-signal=SIGUSR2',
  '--heapsnapshot-near-heap-limit=1',
  '--heap-prof',
  '--report-on-signal',
  '--report-on-fatalerror',
  '--report-uncaught-exception',
  '--abort-on-uncaught-exception',
]
for (const option of refused) {
  test(`${option} is refused, as an argument and in NODE_OPTIONS`, () => {
    const name = option.replace(/=.*/, '').replaceAll('_', '-')
    assert.deepEqual(obstacles({ execArgv: [option], env: {}, inspector: undefined }), [name])
    const env = { NODE_OPTIONS: `--enable-source-maps  ${option} --max-old-space-size=100` }
    assert.deepEqual(obstacles({ execArgv: [], env, inspector: undefined }), [name])
  })
}

test('other options are no matter, an inspector that was opened later is', () => {
  const execArgv = [
    '--enable-source-maps',
    '--test',
    '--max-old-space-size=100',
    '--import',
    'x',
    '--inspect-port=0',
  ]
  assert.deepEqual(obstacles({ execArgv, env: {}, inspector: undefined }), [])
  assert.equal(obstacles({ execArgv, env: {}, inspector: 'ws://127.0.0.1:9229/x' }).length, 1)
})

test('the limit on core files is read', () => {
  const table = 'Limit                     Soft Limit           Hard Limit           Units\n'
  assert.equal(
    coreLimit(`${table}Max core file size        0                    unlimited            bytes`),
    '0',
  )
  assert.equal(
    coreLimit(`${table}Max core file size        unlimited            unlimited            bytes`),
    'unlimited',
  )
  assert.equal(coreLimit(''), undefined)
})

test('a process with an inspector does not go on', async () => {
  const failed = await run(process.execPath, [
    '--inspect=127.0.0.1:0',
    '--input-type=module',
    '-e',
    harden,
  ]).catch((error: unknown) => error as { readonly code: number; readonly stderr: string })
  assert.ok('code' in failed)
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /keys would not be safe with --inspect/)
})

test('SIGUSR1 opens no inspector', async () => {
  const script = `${harden}
    const { url } = await import('node:inspector');
    process.on('SIGUSR1', () => setTimeout(() => { console.log('inspector', url()); process.exit(0) }, 50));
    console.log('ready'); setInterval(() => {}, 1000);`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    if (out === 'ready\n') child.kill('SIGUSR1')
  })
  await new Promise((resolve) => child.once('close', resolve))
  assert.equal(out, 'ready\ninspector undefined\n')
  assert.doesNotMatch(complaints, /Debugger listening/)
})
