// SASLprep (RFC 4013) of passwords, as the client does it before SCRAM: for strings that are stored, so without unassigned characters.
import { isUtf8 } from 'node:buffer'
import { asBuffer } from '../base/bytes.ts'
import { secretCopy } from '../base/secret.ts'

const isPrintableAscii = (password: Uint8Array): boolean =>
  password.every((byte) => byte >= 0x20 && byte <= 0x7e)

/**
 * UTF-8, in memory of its own that the caller wipes. Undefined for what is not UTF-8, has forbidden characters or a mixture of directions
 * (RFC 3454 §6), or becomes empty.
 */
export async function saslPrepared(password: Uint8Array): Promise<Buffer | undefined> {
  if (password.length === 0) return undefined
  // As in `password.ts`: what need not become a string, which cannot be wiped, does not.
  if (isPrintableAscii(password)) return secretCopy(password)
  if (!isUtf8(password)) return undefined
  // Its tables are read only where somebody needs them.
  const { default: saslprep } = await import('@mongodb-js/saslprep')
  try {
    const prepared = saslprep(asBuffer(password).toString('utf8'))
    return prepared === '' ? undefined : secretCopy(Buffer.from(prepared, 'utf8'))
  } catch {
    return undefined
  }
}
