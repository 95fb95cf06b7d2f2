// Checks of the data directory: the store, permissions, free space.
import { lstat, readdir, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sizeInWords } from '../words.ts'
import type { Check, Finding } from './check.ts'

const store: Check = {
  id: 'store',
  title: 'store',
  async run({ config, server, storeTrouble }) {
    if (server)
      return { verdict: 'ok', text: `the server answers (process ${server.pid}), the store is open` }
    if (!config) return { verdict: 'skip', text: 'without settings there is no store to open' }
    if (storeTrouble === undefined) return { verdict: 'ok', text: 'no server runs; the idle store opens' }
    const hint = 'no server runs; doctor looks at everything when it runs as the user of the data'
    return { verdict: 'fail', text: storeTrouble, ...(/belongs to/.test(storeTrouble) ? { hint } : {}) }
  },
}

interface Wanted {
  readonly path: string
  readonly what: string
  /** Permission bits that must not be there. */
  readonly forbidden: number
  readonly chmod: string
}

async function look(
  { path, what, forbidden, chmod }: Wanted,
  owner: number | undefined,
): Promise<Finding | undefined> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) return undefined
  if (owner !== undefined && found.uid !== owner && found.uid !== 0) {
    return {
      verdict: 'fail',
      text: `${what} belongs to user ${found.uid}, the data to user ${owner}: ${path}`,
      hint: `chown ${owner} ${path}`,
    }
  }
  if ((found.mode & forbidden) === 0) return undefined
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
  return {
    verdict: 'fail',
    text: `${what} is open to others (${mode}): ${path}`,
    hint: `chmod ${chmod} ${path}`,
  }
}

const permissions: Check = {
  id: 'permissions',
  title: 'permissions',
  async run({ config }) {
    if (!config) return { verdict: 'skip', text: 'no settings' }
    const { dataDir, siteKeyFile, tls, controlSocket } = config
    const top = await lstat(dataDir).catch(() => undefined)
    if (top && process.geteuid?.() !== 0 && top.uid !== process.geteuid?.())
      return { verdict: 'skip', text: `only the user of ${dataDir} can look into it` }
    if (!top)
      return { verdict: 'warn', text: `there is no ${dataDir} yet`, hint: '`letterlock init` makes it' }
    const below = (await readdir(dataDir, { withFileTypes: true }).catch(() => [])).map((entry): Wanted => {
      const path = join(dataDir, entry.name)
      return {
        path,
        what: entry.isDirectory() ? 'a directory of the data' : 'a file of the data',
        forbidden: 0o022,
        chmod: 'go-w',
      }
    })
    const wanted: Wanted[] = [
      { path: dataDir, what: 'the data directory', forbidden: 0o077, chmod: '0700' },
      { path: siteKeyFile, what: 'the site key', forbidden: 0o077, chmod: '0600' },
      { path: tls.key, what: 'the TLS key', forbidden: 0o037, chmod: '0600' },
      {
        path: dirname(controlSocket),
        what: "the control socket's directory",
        forbidden: 0o077,
        chmod: '0700',
      },
      ...below,
    ]
    const findings = (await Promise.all(wanted.map((one) => look(one, top.uid)))).filter(
      (one) => one !== undefined,
    )
    const seen = new Set<string>()
    const distinct = findings.filter(({ hint = '' }) => !seen.has(hint) && seen.add(hint))
    return distinct.length > 0 ? distinct : { verdict: 'ok', text: 'data, site key and TLS key are private' }
  },
}

const siteKey: Check = {
  id: 'site-key',
  title: 'site key',
  async run({ config }) {
    if (!config) return { verdict: 'skip', text: 'no settings' }
    let code = ''
    const found = await lstat(config.siteKeyFile).catch((error: unknown) => {
      code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
      return undefined
    })
    if (code !== '' && code !== 'ENOENT')
      return { verdict: 'skip', text: `the site key cannot be looked at (${code}): ${config.siteKeyFile}` }
    if (!found) {
      return {
        verdict: 'warn',
        text: `there is no site key yet: ${config.siteKeyFile}`,
        hint: '`letterlock init` or the first start makes it; keep a copy away from the mail backups',
      }
    }
    if (found.isFile() && found.size === 32) return { verdict: 'ok', text: 'the site key is there' }
    return {
      verdict: 'fail',
      text: `the site key must be a file of 32 bytes: ${config.siteKeyFile}`,
      hint: 'bring it back from its copy: without it no mail can come in',
    }
  },
}

const space: Check = {
  id: 'space',
  title: 'free space',
  async run({ config }) {
    if (!config) return { verdict: 'skip', text: 'no settings' }
    const disk = await statfs(config.dataDir).catch(() => undefined)
    if (!disk) return { verdict: 'skip', text: 'there is no data directory yet' }
    const freeBytes = disk.bavail * disk.bsize
    const freeFiles = disk.files > 0 ? disk.ffree / disk.files : 1
    const text = `${sizeInWords(freeBytes)} are free`
    // The largest message must fit, with room for the store to tidy up.
    if (freeBytes < 4 * config.limits.messageSize) {
      return { verdict: 'fail', text: `only ${text}`, hint: 'mail is refused for now with 4xx; make room' }
    }
    if (freeBytes < 2 ** 30 || freeFiles < 0.05) {
      return {
        verdict: 'warn',
        text: `only ${text}${freeFiles < 0.05 ? ', and few files' : ''}`,
        hint: 'make room',
      }
    }
    return { verdict: 'ok', text }
  },
}

export const diskChecks: readonly Check[] = [store, permissions, siteKey, space]
