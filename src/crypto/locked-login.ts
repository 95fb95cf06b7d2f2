// A login password that does not open the mail (FORMAT.md §8.5): enough to let its owner in to be told so.
import { labels } from './labels.ts'
import type { KdfGate, KdfParameters } from './kdf.ts'
import { derive, equalSecret } from './primitives.ts'
import { randomBytes } from './random.ts'

export interface LockedLogin {
  readonly kdf: KdfParameters
  /** 16 bytes. */
  readonly salt: Buffer
  /** 32 bytes. */
  readonly verifier: Buffer
}

async function verifierOf(
  account: Uint8Array,
  password: Uint8Array,
  { kdf, salt }: Pick<LockedLogin, 'kdf' | 'salt'>,
  gate: KdfGate,
): Promise<Buffer> {
  using key = await gate.derive(password, salt, kdf)
  return derive(key.bytes, labels.lockedLogin, account)
}

/** Throws as `KdfGate.derive` does. */
export async function makeLockedLogin(
  account: Uint8Array,
  password: Uint8Array,
  kdf: KdfParameters,
  gate: KdfGate,
): Promise<LockedLogin> {
  const salt = randomBytes(16)
  return { kdf, salt, verifier: await verifierOf(account, password, { kdf, salt }, gate) }
}

/** Throws as `KdfGate.derive` does. */
export async function isLockedLogin(
  account: Uint8Array,
  password: Uint8Array,
  login: LockedLogin,
  gate: KdfGate,
): Promise<boolean> {
  return equalSecret(await verifierOf(account, password, login, gate), login.verifier)
}
