// cert: shown as its files hold it, made where there is none, kept beside where there is one, read again by the server.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import { join } from 'node:path'
import { allCommands } from '../../src/server/cli.ts'
import { makeSelfSigned } from '../../src/server/self-signed.ts'
import { readCertificate } from '../../src/server/tls.ts'
import { makeBench, type Bench, type Ran } from '../admin/harness.ts'

async function benchOf(
  context: TestContext,
): Promise<{ bench: Bench; run: (...words: string[]) => Promise<Ran> }> {
  const bench = await makeBench(context)
  return { bench, run: (...words) => bench.run(['cert', ...words], { commands: allCommands }) }
}

const files = (bench: Bench) => ({
  cert: join(bench.dataDir, 'tls', 'cert.pem'),
  key: join(bench.dataDir, 'tls', 'key.pem'),
  min: '1.2' as const,
})

describe('cert self-signed', () => {
  it('makes a pair that belongs together, its key for nobody else, and shows it', async (context) => {
    const { bench, run } = await benchOf(context)
    const made = await run('self-signed', 'mail.example.org', '--json')
    assert.equal(made.exitCode, 0, made.err)
    const { fingerprint, kept } = JSON.parse(made.out) as { fingerprint: string; kept: string[] }
    assert.deepEqual(kept, [])
    await readCertificate(files(bench))
    assert.equal((await stat(files(bench).key)).mode & 0o777, 0o600)
    const shown = await run('show')
    assert.match(shown.out, /issuer +itself \(self-signed\)\nnames +mail\.example\.org .*127\.0\.0\.1/)
    assert.match(shown.out, /key +EC P-256/)
    assert.ok(shown.out.includes(fingerprint))
    const json = JSON.parse((await run('show', '--json')).out) as Record<string, unknown>
    assert.deepEqual([json['isValid'], json['isSelfSigned'], json['fingerprint']], [true, true, fingerprint])
  })

  it('leaves what is there, and with --replace keeps it beside', async (context) => {
    const { bench, run } = await benchOf(context)
    await run('self-signed', 'mail.example.org')
    const before = await readFile(files(bench).cert, 'utf8')
    const refused = await run('self-signed', 'mail.example.org')
    assert.equal(refused.exitCode, 73)
    assert.match(refused.err, /there is a certificate already/)
    assert.equal(await readFile(files(bench).cert, 'utf8'), before)
    const replaced = await run('self-signed', '192.0.2.7', '--replace')
    assert.equal(replaced.exitCode, 0, replaced.err)
    assert.equal(await readFile(`${files(bench).cert}.old`, 'utf8'), before)
    assert.equal((await stat(`${files(bench).key}.old`)).mode & 0o777, 0o600)
    await readCertificate(files(bench))
    assert.match((await run('show')).out, /names +192\.0\.2\.7 /)
    assert.ok(!existsSync(`${files(bench).key}.new`))
  })

  for (const host of ['a b', '-x', 'x/y', ''])
    it(`refuses "${host}"`, async (context) => {
      const { run } = await benchOf(context)
      assert.equal((await run('self-signed', '--', host)).exitCode, 64)
    })
})

describe('cert show', () => {
  it('says 78 when there is none, and when key and certificate do not belong together', async (context) => {
    const { bench, run } = await benchOf(context)
    assert.equal((await run('show')).exitCode, 78)
    await run('self-signed', 'mail.example.org')
    await writeFile(files(bench).key, (await makeSelfSigned(['other.example'])).key)
    const shown = await run('show')
    assert.equal(shown.exitCode, 78)
    assert.match(shown.err, /cannot be used together/)
  })
})

describe('cert reload', () => {
  it('says when the one in force ends', async (context) => {
    const { bench, run } = await benchOf(context)
    assert.equal((await run('reload')).exitCode, 69)
    await bench.startServer()
    const { exitCode, err } = await run('reload')
    assert.deepEqual([exitCode, err], [0, 'In force: the certificate that ends 2027-01-01.\n'])
  })

  it('and reload say 65 when the files cannot be used', async (context) => {
    const { bench, run } = await benchOf(context)
    bench.reloads = false
    await bench.startServer()
    for (const words of [['cert', 'reload'], ['reload']]) {
      const { exitCode, err } = await bench.run(words)
      assert.equal(exitCode, 65)
      assert.match(err, /before stays/)
    }
    assert.equal((await run('reload', '--json')).out.startsWith('{"reloaded":false'), true)
  })
})
