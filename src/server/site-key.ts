// The site's key file: made once, by init, and read only when nobody else can read it.
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { secretBuffer } from '../base/secret.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import { SiteKey } from '../crypto/site-key.ts'
import { codeOf, setupFailure } from './setup-failure.ts'

/** Writes a new key, readable by its owner alone, durable when it resolves. Throws Failure 'configuration' when there is a file already. */
export async function createSiteKey(path: string): Promise<void> {
  const { siteKey, bytes } = SiteKey.make()
  try {
    const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
      throw setupFailure(`cannot make the site key ${path} (${codeOf(error)})`, {
        cause: error,
        hint: 'an existing key is never replaced: without it, mail of accounts without at-rest encryption is lost',
      })
    })
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await syncDirectory(dirname(path))
  } finally {
    siteKey.wipe()
    bytes.fill(0)
  }
}

/**
 * The key in the file. Throws Failure 'configuration' when it is missing, not 32 bytes, readable by others, or somebody else's (root may
 * own it). The open file is looked at, not its name, so that nothing can be exchanged in between.
 */
export async function readSiteKey(path: string): Promise<SiteKey> {
  const bytes = await readSiteKeyBytes(path)
  try {
    return SiteKey.fromBytes(bytes)
  } finally {
    bytes.fill(0)
  }
}

/** Its 32 bytes; the caller wipes them. Throws as `readSiteKey`. */
export async function readSiteKeyBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => {
    const code = codeOf(error)
    throw setupFailure(`cannot read the site key ${path} (${code})`, {
      cause: error,
      hint:
        code === 'ENOENT'
          ? '`letterlock init` makes one; restore it from a backup if there was one'
          : 'run as the server’s own user',
    })
  })
  try {
    const { mode, uid, size } = await file.stat()
    if ((mode & 0o077) !== 0) {
      throw setupFailure(`the site key ${path} can be read by others`, { hint: `chmod 0600 ${path}` })
    }
    if (uid !== process.geteuid?.() && uid !== 0) {
      throw setupFailure(`the site key ${path} belongs to another user`, {
        hint: `chown it to the server’s own user`,
      })
    }
    if (size !== 32) throw setupFailure(`the site key ${path} must have 32 bytes, not ${size}`)
    const bytes = secretBuffer(32)
    await file.read(bytes, 0, 32, 0)
    return bytes
  } finally {
    await file.close()
  }
}
