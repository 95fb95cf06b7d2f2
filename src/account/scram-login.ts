// What a handshake by SCRAM is run with: an account's verifier, or for a name without one something that looks the same.
import { scramSaltFor, sealDecoyVerifier, type ScramVerifier } from '../crypto/scram-verifier.ts'
import type { Slot } from '../crypto/slot.ts'
import { usableScram } from './scram-slots.ts'
import { readSlots, type KeySettings } from './slots.ts'
import type { Site } from './unlocked-account.ts'

/** Keys are wiped when its scope ends. */
export interface Handshake extends ScramVerifier, Disposable {
  /** Undefined: nothing that the client proves will be right. */
  readonly slot: Slot | undefined
}

/** `name` is canonical; `account` undefined: nobody has it. Throws Refusal and Corrupt where an account's slots cannot be read. */
export async function scramOf(
  site: Site,
  { scram }: KeySettings,
  name: string,
  account: Buffer | undefined,
): Promise<Handshake> {
  const { siteKey } = site
  const found = scram && account && usableScram(siteKey, account, (await readSlots(site, account)).list.slots)
  // An old account whose password was not typed since has no slot, and nobody is told which those are.
  const verifier = found ?? {
    ...{ salt: scramSaltFor(siteKey, name), iterations: scram?.iterations ?? 0, slot: undefined },
    ...sealDecoyVerifier(siteKey),
  }
  const { slot, salt, iterations, storedKey, serverKey } = verifier
  return {
    ...{ slot, salt, iterations, storedKey, serverKey },
    [Symbol.dispose]() {
      storedKey.fill(0)
      serverKey.fill(0)
    },
  }
}
