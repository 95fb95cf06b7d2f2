// site-key load: the site's key from a sealed file to its place, on a machine that has none.
import { mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { Corrupt, UnsupportedVersion, WrongKey } from '../../crypto/errors.ts'
import { KdfGate } from '../../crypto/kdf.ts'
import { cryptoReady } from '../../crypto/ready.ts'
import { openSiteKey } from '../../crypto/sealed-site-key.ts'
import { localCommand, type LocalCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'

const input = z.strictObject({ file: z.string() })
const result = z.object({ siteKeyFile: z.string().describe('where the site key is now') })

async function unseal(file: string, passphrase: Buffer): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new Failure('configuration', exitCodes.configuration, `cannot read ${file}`, { cause: error })
  })
  await cryptoReady()
  try {
    return await openSiteKey(bytes, passphrase, new KdfGate())
  } catch (error) {
    if (error instanceof WrongKey)
      throw new Failure(
        'authentication-failed',
        exitCodes.data,
        'that is not its passphrase, or the file was altered',
        {
          cause: error,
        },
      )
    if (error instanceof Corrupt || error instanceof UnsupportedVersion)
      throw new Failure('damaged', exitCodes.data, `${file}: ${error.message}`, { cause: error })
    throw error
  }
}

async function place(path: string, key: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw new Failure(
      'cannot-create',
      exitCodes.cannotCreate,
      isThere ? `there is a site key: ${path}` : `cannot write ${path}`,
      {
        cause: error,
        hint: 'an existing key is never replaced: move it away first, if no store needs it',
      },
    )
  })
  try {
    await file.writeFile(key)
    await file.sync()
  } catch (error) {
    await unlink(path).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
}

/** Before `init`, on a machine that lost everything else. Never replaces a key. */
export const siteKeyLoad: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'site-key load',
  summary: 'put the site key in its place, from a sealed file',
  notes:
    'For a machine that lost everything else: then `letterlock init` and `letterlock restore`. A key that is there is never replaced.',
  examples: [
    {
      line: 'letterlock --data /var/lib/letterlock site-key load /mnt/site-key.sealed',
      does: 'asks for the passphrase',
    },
  ],
  arguments: [
    { name: 'FILE', key: 'file', description: 'what `backup --with-site-key` or `site-key save` wrote' },
  ],
  input,
  result,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: () => [{ name: 'password', kind: 'current', prompt: 'Passphrase of the site key' }],

  async run(desk, { file }) {
    const { siteKeyFile } = desk.config()
    const key = await unseal(file, desk.secret('password'))
    try {
      await place(siteKeyFile, key)
    } finally {
      key.fill(0)
    }
    return { result: { siteKeyFile } }
  },

  show({ siteKeyFile }, view) {
    view.talk(`Made ${siteKeyFile}. Next: letterlock init, then letterlock restore.`)
  },
})
