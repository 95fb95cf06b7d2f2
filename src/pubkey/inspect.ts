// What an uploaded file holds. A key is only called usable after something was sealed to it: an algorithm that is accepted here and
// fails at the first delivery would be found too late.
import { readBag, readCertificates } from './certificate.ts'
import { keyBlocks, type KeyBlock } from './key-file.ts'
import { readOpenPgpKeys } from './openpgp-key.ts'
import { BadKey, keysPerFile, type FoundKey } from './public-key.ts'
import { sealMessageTo } from './seal.ts'

function readBlock(block: KeyBlock, now: number): Promise<FoundKey[]> {
  switch (block.kind) {
    case 'armored':
      return readOpenPgpKeys(block.text, now)
    case 'openpgp':
      return readOpenPgpKeys(block.bytes, now)
    case 'certificate':
      return readCertificates(block.der, now)
    case 'bag':
      return readBag(block.der, now)
  }
}

const trialMessage = Buffer.from('Subject: trial\r\n\r\ntrial\r\n', 'latin1')

async function tried(key: FoundKey, now: number): Promise<FoundKey> {
  if (key.problem !== undefined) return key
  try {
    const options = { keys: [key], protectHeaders: false, smimeCipher: 'cbc', isVerified: true, now } as const
    await sealMessageTo(trialMessage, options)
    return key
  } catch {
    return { ...key, problem: 'nothing could be sealed to it when it was tried', bytes: Buffer.alloc(0) }
  }
}

/** The keys of a file, each once, as they are at `now` (milliseconds since 1970). Throws BadKey; a file with a private key is wiped. */
export async function inspectKeyFile(file: Uint8Array, now: number): Promise<FoundKey[]> {
  const found = new Map<string, FoundKey>()
  for (const block of keyBlocks(file)) {
    for (const key of await readBlock(block, now)) {
      if (!found.has(key.fingerprint)) found.set(key.fingerprint, await tried(key, now))
      if (found.size > keysPerFile) throw new BadKey(`There are more than ${keysPerFile} keys in this file`)
    }
  }
  return [...found.values()]
}
