// Renews the recovery headers of all bodies, as part of a rotation: else whoever has older keys could open bodies by them.
import { hex } from '../base/bytes.ts'
import { Refusal } from './errors.ts'
import { headerEpoch, headerInPlace, openHeader, sealedKey } from './recovery-header.ts'
import { refusing } from './refusing.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

/** Bodies whose new header is made when their record is: about 50 MB. Of others the old header is opened, which takes longer. */
const keptAtMost = 200_000

/** Sealed message keys that were seen while records were sealed anew: what the headers will hold. None of it is secret. */
export class NewHeaders {
  readonly #sealed = new Map<string, Buffer>()
  readonly #vault: Vault

  constructor(vault: Vault) {
    this.#vault = vault
  }

  add(blob: Uint8Array, messageKey: Uint8Array): void {
    const id = hex(blob)
    if (this.#sealed.size < keptAtMost && !this.#sealed.has(id))
      this.#sealed.set(id, sealedKey(this.#vault, blob, messageKey))
  }

  /** The header that takes the place of one of `length` bytes; undefined when the body's key was not seen. */
  of(blob: Uint8Array, length: number): Buffer | undefined {
    const sealed = this.#sealed.get(hex(blob))
    return sealed && headerInPlace(sealed, length)
  }
}

/**
 * Gives every body a header of the current epoch, and takes what is left of bodies that are gone out of the files. A header that does not
 * open becomes zeros: the records still open its body. Refuses with 'busy' when bodies being stored keep it waiting too long.
 */
export async function renewHeaders(account: UnlockedAccount, known: NewHeaders): Promise<void> {
  const { vault, site, id } = account
  const isDone = await refusing(() =>
    site.store.blobs.scrub(id, (blob, header) => {
      if (headerEpoch(header) === vault.epoch) return undefined
      return header && (known.of(blob, header.length) ?? reopened(account, blob, header))
    }),
  )
  if (!isDone)
    throw new Refusal('busy', 'Mail is being stored all the time; the end of the rotation has to wait')
}

function reopened(account: UnlockedAccount, blob: Uint8Array, header: Uint8Array): Buffer {
  const { vault } = account
  const messageKey = openHeader(vault, blob, header)
  if (!messageKey) return Buffer.alloc(header.length)
  try {
    return headerInPlace(sealedKey(vault, blob, messageKey), header.length)
  } finally {
    messageKey.fill(0)
  }
}
