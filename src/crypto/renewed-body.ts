// What becomes of a body's identifier and message key when it is sealed again in a rotation (FORMAT.md §9.13).
import { secretCopy } from '../base/secret.ts'
import { labels } from './labels.ts'
import { split } from './primitives.ts'

export interface RenewedBody {
  /** 32 bytes; the caller wipes it. */
  readonly messageKey: Buffer
  readonly blob: Buffer
}

/**
 * The same for every copy of a message, and again after a crash, without anybody keeping a list: who has either of the two keys alone
 * does not come to the new one.
 */
export function renewedBody(renewalKey: Uint8Array, blob: Uint8Array, messageKey: Uint8Array): RenewedBody {
  const okm = split(renewalKey, labels.renewedBody, blob, messageKey)
  try {
    return { messageKey: secretCopy(okm.subarray(0, 32)), blob: Buffer.from(okm.subarray(32, 48)) }
  } finally {
    okm.fill(0)
  }
}
