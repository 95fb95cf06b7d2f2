import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { silentLog } from '../../src/base/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { initSite } from '../../src/server/init.ts'
import { openIdleSite } from '../../src/server/open-site.ts'
import { temporary } from './temporary.ts'

function configFor(dataDir: string): Config {
  return loadConfig({ flags: { data_dir: dataDir, hostname: 'mail.example.org' } })
}

test('makes everything that a server needs, readable by nobody else, and tells what', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  const configFile = directory.at('etc', 'letterlock.toml')
  const report = await initSite(config, {
    configFile,
    values: { data_dir: config.dataDir, hostname: 'mail.example.org' },
  })
  assert.equal(report.length, 5)
  assert.deepEqual((await readdir(config.dataDir)).sort(), ['site.key', 'store', 'tls'])
  for (const [path, mode] of [
    [config.dataDir, 0o700],
    [config.siteKeyFile, 0o600],
    [config.tls.key, 0o600],
  ] as const) {
    assert.equal((await stat(path)).mode & 0o777, mode, path)
  }
  const again = loadConfig({ text: await readFile(configFile, 'utf8') })
  assert.deepEqual(again, config)
  const site = await openIdleSite(again, silentLog)
  await site.close()
})

test('a second init changes nothing', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  await initSite(config)
  const before = await Promise.all([config.siteKeyFile, config.tls.key].map((path) => readFile(path)))
  assert.deepEqual(await initSite(config), [])
  assert.deepEqual(
    await Promise.all([config.siteKeyFile, config.tls.key].map((path) => readFile(path))),
    before,
  )
})

test('what a broken-off init left undone is done by the next', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  await mkdir(config.dataDir, { mode: 0o700 })
  assert.equal((await initSite(config)).length, 3)
})

test('a store without its key is never given a new one', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  await initSite(config)
  await rm(config.siteKeyFile)
  await assert.rejects(initSite(config), { code: 'configuration', hint: /restore the key from a backup/ })
  await assert.rejects(stat(config.siteKeyFile), { code: 'ENOENT' })
})

test('a data directory that others can enter is refused', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  await mkdir(config.dataDir)
  await chmod(config.dataDir, 0o755)
  await assert.rejects(initSite(config), {
    message: /can be entered by others/,
    hint: `chmod 0700 ${config.dataDir}`,
  })
})

test('settings, certificates and files of others are not overwritten', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  await mkdir(directory.at('data', 'tls'), { recursive: true, mode: 0o700 })
  await chmod(config.dataDir, 0o700)
  await writeFile(config.tls.cert, 'mine')
  await writeFile(directory.at('own.toml'), '# mine')
  await initSite(config, { configFile: directory.at('own.toml') })
  assert.equal(await readFile(config.tls.cert, 'utf8'), 'mine')
  assert.equal(await readFile(directory.at('own.toml'), 'utf8'), '# mine')
})

test('a place without a store is told with what to do', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  await initSite(config)
  await rm(directory.at('data', 'store'), { recursive: true })
  await assert.rejects(openIdleSite(config, silentLog), { code: 'configuration', hint: /letterlock init/ })
})

test('two never have the store open', async () => {
  await using directory = await temporary()
  const config = configFor(directory.at('data'))
  await initSite(config)
  const site = await openIdleSite(config, silentLog)
  await assert.rejects(openIdleSite(config, silentLog), { code: 'store-in-use', exitCode: 75 })
  await site.close()
  await (await openIdleSite(config, silentLog)).close()
})
