// export sealed: an account as it lies in the store, in one file that only its owner can open.
import { open, unlink } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { address, addressArgument } from '../forms.ts'
import { sizeInWords } from '../words.ts'

const input = z.strictObject({
  address,
  file: z.string().refine(isAbsolute, 'must be an absolute path: the running server writes it'),
})
const result = z.object({
  address: z.string().describe('whose mail it is'),
  file: z.string().describe('where it is now'),
  sizeBytes: z.number().describe('its length in bytes'),
})

async function write(file: string, pieces: AsyncIterable<Buffer>): Promise<number> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : 'unknown'
    throw new Failure('cannot-create', exitCodes.cannotCreate, `cannot make ${file}: ${why}`, {
      hint: 'name a new file in a folder that the server may write to',
    })
  })
  let sizeBytes = 0
  try {
    for await (const piece of pieces) {
      await handle.writeFile(piece)
      sizeBytes += piece.length
    }
    await handle.sync()
  } catch (error) {
    await unlink(file).catch(() => undefined)
    throw error
  } finally {
    await handle.close()
  }
  return sizeBytes
}

/** Writes a sealed export. No key is needed, and none is in it that opens without the owner's secret. */
export const exportSealed: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'export sealed',
  summary: 'write an account to a file, sealed as it is stored',
  notes:
    'The file holds everything of the account, and opens with the password or the recovery code only; its form is src/crypto/FORMAT.md §10, and test/decryptor/decrypt.mjs opens it without the server. Accounts without at-rest encryption also open with the site key.',
  examples: [
    {
      line: 'letterlock export sealed alice@example.org /var/backups/alice.sealed',
      does: 'writes the file, readable by the server’s own user',
    },
  ],
  arguments: [addressArgument, { name: 'FILE', key: 'file', description: 'absolute path of a new file' }],
  input,
  result,

  async run(work, { address, file }) {
    const info = await work.accounts.info(address)
    if (work.isDryRun) return { address: info.address, file, sizeBytes: 0 }
    return { address: info.address, file, sizeBytes: await write(file, work.accounts.exportSealed(address)) }
  },

  show({ address, file, sizeBytes }, view) {
    view.talk(`${address}: ${sizeInWords(sizeBytes)} in ${file}`)
  },
})
