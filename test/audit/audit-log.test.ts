// The audit log: chained lines that survive restarts and rotation, and what is found when somebody was at the file.
import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, it, type TestContext } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { AuditFile } from '../../src/audit/audit-log.ts'
import { silentLog } from '../../src/base/ports.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { SiteRecords } from '../../src/store/store.ts'

async function made(context: TestContext): Promise<{
  path: string
  records: SiteRecords
  open: (key?: SiteKey) => AuditFile
}> {
  await cryptoReady()
  const directory = await mkdtemp(join(tmpdir(), 'audit-'))
  context.after(() => rm(directory, { recursive: true }))
  const path = join(directory, 'audit.log')
  const { siteKey } = SiteKey.make()
  const records = openMemoryStore().site
  const clock = { now: () => Date.UTC(2026, 10, 28) }
  return {
    path,
    records,
    open: (key = siteKey) => new AuditFile({ path, siteKey: key, records, clock, log: silentLog }),
  }
}

async function fill(audit: AuditFile, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      audit.write({ event: 'session.kicked', by: 'admin', address: 'a@example.org', detail: { index } }),
    ),
  )
}

describe('the audit log', () => {
  it('chains its lines, through restarts, and shows them', async (context) => {
    const { path, open } = await made(context)
    await fill(open(), 3)
    await open().write({
      event: 'recovered',
      by: 'owner',
      address: 'b@example.org',
      remoteAddress: '192.0.2.1',
    })
    const audit = open()
    const lines = await audit.entries()
    assert.deepEqual(
      lines.map(({ number, event }) => [number, event]),
      [
        [1, 'session.kicked'],
        [2, 'session.kicked'],
        [3, 'session.kicked'],
        [4, 'recovered'],
      ],
    )
    assert.equal(lines[3]?.remoteAddress, '192.0.2.1')
    assert.deepEqual(await audit.verify(), { files: 1, lines: 4, first: 1, last: 4, findings: [] })
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  })

  it('has nothing against a site in which nothing was noted yet', async (context) => {
    const { open } = await made(context)
    assert.deepEqual((await open().verify()).findings, [])
  })

  it('goes on in a new file when the old one was moved away', async (context) => {
    const { path, open } = await made(context)
    const audit = open()
    await fill(audit, 2)
    await rename(path, `${path}.1`)
    assert.deepEqual((await audit.verify()).findings, [])
    await fill(audit, 2)
    assert.deepEqual(await audit.verify(), { files: 2, lines: 4, first: 1, last: 4, findings: [] })
    await rm(`${path}.1`)
    assert.deepEqual(await audit.verify(), { files: 1, lines: 2, first: 3, last: 4, findings: [] })
  })

  /** Entries 1 to 12 in five files, as logrotate names them; the oldest two are packed. */
  async function rotated(audit: AuditFile, path: string): Promise<void> {
    for (const name of ['.4.gz', '.3.gz', '-20261128', '.1']) {
      await fill(audit, 3)
      if (name.endsWith('.gz')) {
        await writeFile(path + name, gzipSync(await readFile(path)))
        await rm(path)
      } else await rename(path, path + name)
    }
    await writeFile(`${path}.bak`, 'of no concern')
  }

  it('is one chain through all files that were moved away', async (context) => {
    const { path, open } = await made(context)
    await rotated(open(), path)
    const audit = open()
    assert.deepEqual(await audit.verify(), { files: 5, lines: 12, first: 1, last: 12, findings: [] })
    assert.deepEqual(
      (await audit.entries()).map(({ number }) => number),
      Array.from({ length: 12 }, (_, index) => index + 1),
    )
    await fill(audit, 1)
    assert.deepEqual((await audit.verify()).findings, [])
  })

  it('goes on behind a line that was moved away before its end was remembered', async (context) => {
    const { path, open, records } = await made(context)
    await fill(open(), 2)
    const remembered = await records.get('escrow-audit-end')
    assert.ok(remembered)
    await fill(open(), 1)
    await records.put('escrow-audit-end', remembered)
    await rename(path, `${path}.1`)
    await fill(open(), 1)
    assert.deepEqual(await open().verify(), { files: 2, lines: 4, first: 1, last: 4, findings: [] })
  })

  const losses: readonly [string, (path: string) => Promise<void>, RegExp | undefined][] = [
    ['the oldest file taken away', (path) => rm(`${path}.4.gz`), undefined],
    [
      'a file between taken away',
      (path) => rm(`${path}-20261128`),
      /audit\.log\.1 1 does not follow entry 6/,
    ],
    [
      'a packed file that is damaged',
      (path) => truncate(`${path}.3.gz`, 60),
      /audit\.log\.3\.gz 0 cannot be read[^]*does not follow entry 3/,
    ],
    [
      'the end of a file that was moved away cut off',
      async (path) => writeFile(`${path}-20261128`, without(await readFile(`${path}-20261128`), 2)),
      /audit\.log\.1 1 does not follow entry 8/,
    ],
    [
      'a bit in a file that was moved away',
      async (path) => writeFile(`${path}.1`, flipped(await readFile(`${path}.1`), 30)),
      /audit\.log\.1 1 was not written so/,
    ],
    [
      'the newest entries cut off with their file',
      async (path) => {
        await rm(`${path}.1`)
        await rename(`${path}-20261128`, path)
      },
      /last entry was number 12/,
    ],
  ]
  for (const [name, change, finding] of losses) {
    it(`${finding ? 'finds' : 'does not mind'} ${name}`, async (context) => {
      const { path, open } = await made(context)
      await rotated(open(), path)
      await change(path)
      const { findings } = await open().verify()
      const said = findings.map(({ file, line, text }) => `${file} ${line} ${text}`).join('\n')
      if (finding) assert.match(said, finding)
      else assert.equal(said, '')
    })
  }

  it('goes on behind a line that was cut by a crash', async (context) => {
    const { path, open } = await made(context)
    await fill(open(), 2)
    await appendFile(path, '{"number":3,"at"')
    const audit = open()
    await fill(audit, 1)
    const { findings, last } = await audit.verify()
    assert.equal(last, 3)
    assert.deepEqual(findings, [
      { file: 'audit.log', line: 3, text: 'was not written so by this site, or was cut' },
    ])
  })

  const changes: readonly [string, (path: string, bytes: Buffer) => Promise<void>, RegExp][] = [
    ['a bit', async (path, bytes) => writeFile(path, flipped(bytes, 30)), /not written so/],
    [
      'a line taken out',
      async (path, bytes) => writeFile(path, without(bytes, 1)),
      /does not follow entry 1/,
    ],
    [
      'the end cut off',
      async (path, bytes) => truncate(path, without(bytes, 3).length),
      /last entry was number 4/,
    ],
    ['two lines exchanged', async (path, bytes) => writeFile(path, exchanged(bytes)), /does not follow/],
    [
      'a line twice',
      async (path, bytes) => writeFile(path, Buffer.concat([bytes, bytes])),
      /does not follow/,
    ],
  ]
  for (const [name, change, finding] of changes) {
    it(`finds ${name}`, async (context) => {
      const { path, open } = await made(context)
      await fill(open(), 4)
      await change(path, await readFile(path))
      const { findings } = await open().verify()
      assert.match(findings.map(({ text }) => text).join('\n'), finding)
    })
  }

  it('is not believed when another site wrote it', async (context) => {
    const { open } = await made(context)
    await fill(open(), 1)
    const { findings } = await open(SiteKey.make().siteKey).verify()
    assert.match(findings[0]?.text ?? '', /not written so/)
  })

  it('refuses what it cannot write', async (context) => {
    const { path, open } = await made(context)
    const audit = open()
    await fill(audit, 1)
    await rm(path)
    const { mkdir } = await import('node:fs/promises')
    await mkdir(path)
    await assert.rejects(fill(audit, 1), (error) => isRefusal(error, 'unavailable'))
    await rm(path, { recursive: true })
    await fill(audit, 1)
    assert.deepEqual(await audit.verify(), { files: 1, lines: 1, first: 2, last: 2, findings: [] })
  })
})

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
const linesOf = (bytes: Buffer): string[] => bytes.toString().split('\n').slice(0, -1)
const joined = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''))
const without = (bytes: Buffer, index: number): Buffer =>
  joined(linesOf(bytes).filter((_, at) => at !== index))
const exchanged = (bytes: Buffer): Buffer => {
  const [a, b, ...rest] = linesOf(bytes) as [string, string, ...string[]]
  return joined([b, a, ...rest])
}
