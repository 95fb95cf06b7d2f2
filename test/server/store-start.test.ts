// What a server looks at before it opens its doors: whose store it is, who has it open, and who else may enter the directory.
import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { encodeDomain } from '../../src/account/names-codec.ts'
import { isStoreOf, siteRecordName } from '../../src/account/site-record.ts'
import { silentLog } from '../../src/base/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { partialPrefix } from '../../src/crypto/partial-name.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { startServer, type ServerOptions } from '../../src/server/compose.ts'
import { initSite } from '../../src/server/init.ts'
import { openIdleSite, openParts } from '../../src/server/open-site.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { recordingLog } from '../delivery/open-door.ts'
import { temporary, type Temporary } from './temporary.ts'

const address = 'alice@example.org'
const ofAnother = { code: 'configuration', exitCode: 78, message: /is of another site than the store/ }

async function made(
  directory: Temporary,
  name = 'data',
  settings: Readonly<Record<string, string>> = {},
): Promise<Config> {
  const config = loadConfig({
    flags: {
      ...{ data_dir: directory.at(name), hostname: 'mail.example.org', 'listen.imap': '127.0.0.1:0' },
      ...settings,
    },
  })
  await initSite(config)
  return config
}

const options = (lines: string[] = []): ServerOptions => ({
  log: recordingLog(lines),
  version: '0.0.0',
  onStopAsked: () => undefined,
})

async function withAlice(config: Config, isFromBefore: boolean): Promise<void> {
  const parts = await openParts(config, { log: silentLog })
  await parts.accounts.create(address, Buffer.from('first password'))
  if (isFromBefore) await parts.store.site.put(siteRecordName, undefined)
  await parts.close()
}

describe('the site key', () => {
  for (const isFromBefore of [false, true])
    it(`of another site is refused before anything is written${isFromBefore ? ', by the directory where the record is not there yet' : ''}`, async () => {
      await using directory = await temporary()
      const [config, other] = [await made(directory), await made(directory, 'other')]
      await withAlice(config, isFromBefore)
      const own = await readFile(config.siteKeyFile)
      await copyFile(other.siteKeyFile, config.siteKeyFile)
      await assert.rejects(openIdleSite(config, silentLog), ofAnother)
      await assert.rejects(startServer(config, options()), ofAnother)
      await writeFile(config.siteKeyFile, own)
      const site = await openIdleSite(config, silentLog)
      assert.equal((await site.accounts.info(address)).address, address)
      await site.close()
      // From here on the record is there.
      await copyFile(other.siteKeyFile, config.siteKeyFile)
      await assert.rejects(openIdleSite(config, silentLog), ofAnother)
    })

  it('of another site is refused on a store that nobody has used since it was made', async () => {
    await using directory = await temporary()
    const [config, other] = [await made(directory), await made(directory, 'other')]
    await copyFile(other.siteKeyFile, config.siteKeyFile)
    await assert.rejects(openIdleSite(config, silentLog), ofAnother)
  })

  it('on a machine that lost everything opens what it made before', async () => {
    await using directory = await temporary()
    const config = await made(directory)
    await withAlice(config, false)
    const from = await openIdleSite(config, silentLog)
    await from.backups.take(directory.at('backup'), { isIncremental: false })
    await from.close()
    for (const isForeign of [false, true]) {
      const place = loadConfig({
        flags: { data_dir: directory.at(`place ${isForeign}`), hostname: 'mail.example.org' },
      })
      // What `site-key load` does before `init`.
      await mkdir(place.dataDir, { mode: 0o700 })
      if (!isForeign) await copyFile(config.siteKeyFile, place.siteKeyFile)
      await initSite(place)
      const site = await openIdleSite(place, silentLog)
      const report = await site.backups.restore(directory.at('backup'), {
        ...{ mayReplace: false, acceptsRollback: false, mayBeForeign: isForeign, isDryRun: false },
      })
      assert.deepEqual([report.isOurs, report.accounts[0]?.state], [!isForeign, 'restored'])
      await site.close()
      // The restored records do not bring the other site's word with them.
      await (await openIdleSite(place, silentLog)).close()
    }
  })
})

describe('the record of the site key', () => {
  const key = (): SiteKey => SiteKey.make().siteKey

  it('goes by one name that this site wrote, whatever others say', async () => {
    const [own, other] = [key(), key()]
    const store = openMemoryStore()
    const domain = { addedAt: 1, policy: undefined, adminRecovery: undefined }
    for (const [name, by] of [
      ['a.example', other],
      ['b.example', own],
    ] as const)
      await store.directory.put(name, encodeDomain(by, name, domain), undefined)
    assert.equal(await isStoreOf(store, own), true)
    assert.equal(await isStoreOf(store, other), false)
  })

  it('is not written for a key that nothing in the directory is of', async () => {
    const [own, other] = [key(), key()]
    const store = openMemoryStore()
    const domain = { addedAt: 1, policy: undefined, adminRecovery: undefined }
    await store.directory.put('a.example', encodeDomain(other, 'a.example', domain), undefined)
    assert.equal(await isStoreOf(store, own), false)
    assert.equal(await store.site.get(siteRecordName), undefined)
    assert.equal(await isStoreOf(store, other), true)
  })

  it('that was changed in any octet is of no key', async () => {
    const own = key()
    const store = openMemoryStore()
    assert.equal(await isStoreOf(store, own), true)
    const bytes = Buffer.from((await store.site.get(siteRecordName)) ?? [])
    assert.equal(bytes.length, 33)
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      await store.site.put(siteRecordName, changed)
      assert.equal(await isStoreOf(store, own), false, String(at))
    }
    for (const cut of [bytes.subarray(0, 32), Buffer.alloc(0), Buffer.concat([bytes, bytes])]) {
      await store.site.put(siteRecordName, cut)
      assert.equal(await isStoreOf(store, own), false)
    }
  })
})

describe('who has mail that is asked for again', () => {
  it('is forgotten before an account is put back, and does not come with a backup', async () => {
    await using directory = await temporary()
    const config = await made(directory)
    await withAlice(config, false)
    const remembered = async (): Promise<number> => {
      const { store, ...parts } = await openParts(config, { log: silentLog })
      const found = (await store.site.list()).filter(([name]) => name.startsWith(partialPrefix))
      await parts.close()
      return found.length
    }
    const parts = await openParts(config, { log: silentLog })
    const now = Date.now()
    await parts.partial.remember(parts.partial.key('s', Buffer.from('x')), [address], now)
    await parts.backups.take(directory.at('backup'), { isIncremental: false })
    await parts.accounts.setDisabled(address, true)
    const open = await parts.accounts.openFor(
      address,
      { kind: 'site' },
      { protocol: 'admin', remoteAddress: 'local', isTls: true, end: () => undefined },
    )
    await open.createMailbox('later')
    await open.close()
    assert.equal(parts.partial.size, 1)
    const restore = { mayReplace: true, acceptsRollback: true, mayBeForeign: false, isDryRun: false }
    await parts.backups.restore(directory.at('backup'), restore)
    assert.equal(parts.partial.size, 0)
    await parts.close()
    assert.equal(await remembered(), 0)
  })
})

describe('a store that a command has open', () => {
  it('is waited for, and the log says so', async () => {
    await using directory = await temporary()
    const config = await made(directory)
    const held = await openIdleSite(config, silentLog)
    const lines: string[] = []
    const starting = startServer(config, { ...options(lines), storeWaitMs: 600_000 })
    while (!lines.some((line) => line.includes('store.in-use'))) await delay(10)
    await held.close()
    const server = await starting
    assert.equal(lines.filter((line) => line.includes('store.in-use')).length, 1)
    await server.stop(0)
  })

  it('ends the start with 75 when it stays so, or a stop is asked for', async () => {
    await using directory = await temporary()
    const config = await made(directory)
    const held = await openIdleSite(config, silentLog)
    const inUse = { code: 'store-in-use', exitCode: 75 }
    await assert.rejects(startServer(config, { ...options(), storeWaitMs: 300 }), inUse)
    const stop = new AbortController()
    const lines: string[] = []
    const { signal } = stop
    const starting = startServer(config, { ...options(lines), storeWaitMs: 600_000, signal })
    const ended = assert.rejects(starting, inUse)
    while (!lines.some((line) => line.includes('store.in-use'))) await delay(10)
    stop.abort()
    await ended
    await held.close()
  })
})

describe('a data directory', () => {
  for (const [mode, warnings] of [
    [0o700, 0],
    [0o750, 1],
    [0o701, 1],
    [0o777, 1],
  ] as const)
    it(`of mode ${mode.toString(8)} gives ${warnings} warnings at a start`, async () => {
      await using directory = await temporary()
      // Elsewhere: the socket's own directory must be private, else nothing starts.
      await mkdir(directory.at('run'), { mode: 0o700 })
      const config = await made(directory, 'data', { control_socket: directory.at('run', 'control.sock') })
      await chmod(config.dataDir, mode)
      const lines: string[] = []
      const server = await startServer(config, options(lines))
      await server.stop(0)
      const found = lines.filter((line) => line.includes('data.open-to-others'))
      assert.equal(found.length, warnings)
      for (const line of found) assert.match(line, /chmod 0700/)
    })
})
