// Makes a site: data directory, store, site key, certificate, configuration file. Never changes what is there already.
import { existsSync } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isStoreOf } from '../account/site-record.ts'
import { describeConfig } from '../config/describe.ts'
import type { Config } from '../config/schema.ts'
import { Refused } from '../store/errors.ts'
import { initLevelStore, openLevelStore } from '../store/level/open.ts'
import { storePath } from './places.ts'
import { makeSelfSigned } from './self-signed.ts'
import { codeOf, setupFailure } from './setup-failure.ts'
import { createSiteKey, readSiteKey } from './site-key.ts'

export interface InitOptions {
  /** Writes a file with the settings of `values` there, unless there is one. */
  readonly configFile?: string
  /** By name, as `describeConfig` takes them. */
  readonly values?: Readonly<Record<string, unknown>>
}

/** What was made, in words for the admin; empty when everything was there. */
export type InitReport = readonly string[]

async function makePrivateDirectory(path: string): Promise<boolean> {
  const isNew = !existsSync(path)
  if (isNew) {
    await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw setupFailure(`cannot make the directory ${path} (${codeOf(error)})`, { cause: error })
    })
  }
  const { mode, uid } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw setupFailure(`the directory ${path} can be entered by others`, { hint: `chmod 0700 ${path}` })
  }
  if (uid !== process.geteuid?.()) {
    throw setupFailure(`the directory ${path} belongs to another user`, {
      hint: 'run init as the server’s own user',
    })
  }
  return isNew
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode).catch((error: unknown) => {
    throw setupFailure(`cannot write ${path} (${codeOf(error)})`, { cause: error })
  })
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function makeStore(config: Config): Promise<boolean> {
  if (config.store.backend === 'memory') return false
  try {
    await initLevelStore(storePath(config))
  } catch (error) {
    if (error instanceof Refused && error.reason === 'store-exists') return false
    throw error
  }
  using siteKey = await readSiteKey(config.siteKeyFile)
  const store = await openLevelStore(storePath(config))
  try {
    await isStoreOf(store, siteKey)
  } finally {
    await store.close()
  }
  return true
}

async function makeCertificate({ tls, hostname }: Config): Promise<boolean> {
  if (existsSync(tls.cert) || existsSync(tls.key)) return false
  await mkdir(dirname(tls.key), { recursive: true, mode: 0o700 })
  const { cert, key } = await makeSelfSigned([hostname])
  await writeNew(tls.key, key, 0o600)
  await writeNew(tls.cert, cert, 0o644)
  return true
}

/**
 * May be called again: what exists stays as it is. Throws Failure 'configuration' when something stands in the way, above all
 * a store whose site key is missing, which a new key would not open.
 */
export async function initSite(config: Config, options: InitOptions = {}): Promise<InitReport> {
  const report: string[] = []
  const hasStore = existsSync(join(storePath(config), 'records'))
  const hasKey = existsSync(config.siteKeyFile)
  if (hasStore && !hasKey) {
    throw setupFailure(`there is a store in ${config.dataDir}, but not its site key ${config.siteKeyFile}`, {
      hint: 'restore the key from a backup: a new one would not open the mail',
    })
  }
  if (await makePrivateDirectory(config.dataDir)) report.push(`data directory ${config.dataDir}`)
  // The key comes first: a store without its key would look like a loss.
  if (!hasKey) {
    await mkdir(dirname(config.siteKeyFile), { recursive: true, mode: 0o700 })
    await createSiteKey(config.siteKeyFile)
    report.push(`site key ${config.siteKeyFile} (keep a copy away from the backups of the mail)`)
  }
  if (await makeStore(config)) report.push(`empty store ${storePath(config)}`)
  if (await makeCertificate(config)) report.push(`self-signed certificate ${config.tls.cert}`)
  const { configFile, values } = options
  if (configFile !== undefined && !existsSync(configFile)) {
    await mkdir(dirname(configFile), { recursive: true, mode: 0o755 })
    await writeNew(configFile, describeConfig(values), 0o644)
    report.push(`settings ${configFile}`)
  }
  return report
}
