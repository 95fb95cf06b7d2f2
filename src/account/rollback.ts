// Rollbacks as owners and admins see and accept them (RollbackApi).
import type { OwnerSecret, RollbackApi } from './api-lifecycle.ts'
import type { Credentials } from './credentials.ts'
import { headKey } from './keys.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { readHead } from './replay.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'
import { encodeAcceptance, readWitnesses, type Rollback } from './witness.ts'

interface Parts {
  readonly site: Site
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly credentials: Credentials
}

export class Rollbacks implements RollbackApi {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Without any key only versions can be compared; that the chain is another one is known once a login has failed over it. */
  async rollback(address: string): Promise<Rollback | undefined> {
    const { registry, site, unlocked } = this.#parts
    const { account } = await registry.entry(address)
    const { files } = unlocked.rollbacks.witnesses ?? {}
    if (!files || unlocked.find(account)) return undefined
    const noticed = unlocked.rollbacks.noticed(account)
    const reading = await refusing(() => readWitnesses(files, account))
    if (reading.acceptance) return undefined
    const presentVersion = (await refusing(() => site.store.info(account)))?.version ?? 0
    const { witness } = reading
    if (witness && witness.version > presentVersion)
      return { seenVersion: witness.version, seenAt: witness.at, presentVersion }
    return witness && noticed ? { ...noticed, presentVersion } : undefined
  }

  async acceptRollback(address: string, secret?: OwnerSecret): Promise<void> {
    const { registry, site, unlocked, credentials } = this.#parts
    const entry = await registry.entry(address)
    const { account, address: name } = entry
    const { files } = unlocked.rollbacks.witnesses ?? {}
    if (!files) return
    if (secret) (await credentials.keysOf(entry, secret)).wipe()
    const witness = await files.read(account, 'witness')
    if (!witness || unlocked.find(account)) return
    const present = await refusing(() =>
      site.store.read(account, async (snapshot) => readHead(await snapshot.get(headKey))),
    )
    const by = secret ? 'owner' : 'admin'
    await site.audit.write({
      event: 'rollback.accepted',
      ...{ address: name, by, detail: { version: present.version } },
    })
    await files.write(
      account,
      'accepted',
      encodeAcceptance({ by, at: site.clock.now(), witness, ...present }),
    )
    unlocked.rollbacks.settled(account)
  }
}
