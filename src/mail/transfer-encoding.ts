// Content-Transfer-Encoding: the octets of a part as they were before it was encoded (RFC 2045 §6).
import { transferDecoder } from './transfer-decoder.ts'

/** `encoding` in lower case. Undefined when it is not known. Bad input is passed over, never refused. */
export function decodeTransfer(bytes: Uint8Array, encoding: string): Buffer | undefined {
  const decoder = transferDecoder(encoding)
  if (!decoder) return undefined
  const octets = decoder.push(bytes)
  const rest = decoder.end()
  return rest.length === 0 ? octets : Buffer.concat([octets, rest])
}
