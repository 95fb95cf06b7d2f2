// Keeps an unlocked account's witness: behind its commits, never in their way.
import { Serial } from '../base/serial.ts'
import { sha256 } from '../crypto/digest.ts'
import { encodeWitness } from '../crypto/witness.ts'
import { factNumbers } from './account-facts.ts'
import { headKey, slotsKey } from './keys.ts'
import { readHead } from './replay.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { WitnessFiles } from './witness-files.ts'

export class WitnessKeeper {
  readonly #account: UnlockedAccount
  readonly #files: WitnessFiles
  readonly #intervalMs: number
  readonly #queue = new Serial()
  #timer: NodeJS.Timeout | undefined
  #written = 0
  #isStopped = false

  constructor(account: UnlockedAccount, files: WitnessFiles, intervalMs: number) {
    this.#account = account
    this.#files = files
    this.#intervalMs = intervalMs
  }

  /** Something was committed: it is witnessed within the interval. */
  wake(): void {
    if (this.#isStopped || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.now()
    }, this.#intervalMs).unref()
  }

  /** Witnesses what is durable now. Never rejects: without a witness a rollback is not noticed, and mail goes on. */
  now(): Promise<void> {
    return this.#queue.run(async () => {
      try {
        await this.#write()
      } catch (error) {
        if (this.#account.isFailed) return
        const reason = error instanceof Error && 'code' in error ? String(error.code) : 'fault'
        this.#account.site.log.write('warn', 'witness.write-failed', {
          account: this.#account.id.toString('hex'),
          reason,
        })
      }
    })
  }

  async #write(): Promise<void> {
    const account = this.#account
    if (account.isFailed) return
    // The account itself knows that there is a witness: its removal shall not pass for one that never was.
    if (!account.state.facts.has(factNumbers.witness)) {
      const value = Buffer.of(1)
      await account.commit(() => ({
        changes: [{ kind: 'fact' as const, fact: factNumbers.witness, value }],
        value: undefined,
      }))
    }
    // All of one moment: the keys in memory are those of the records only while no commit runs.
    const { version, bytes } = await account.exclusive(async () => {
      const [head, slots] = await account.read((snapshot) => snapshot.getMany([headKey, slotsKey]))
      const present = readHead(head)
      const { vault, id, site } = account
      const encoded = encodeWitness(vault.root().witnessKey, {
        ...{ account: id, version: present.version, head: present.head, epoch: vault.epoch },
        ...{ keysetVersion: vault.keyset.version, vkVersion: vault.vkVersion, at: site.clock.now() },
        slotsDigest: sha256(slots ?? Buffer.alloc(0)),
      })
      return { version: present.version, bytes: encoded }
    })
    if (version === this.#written) return
    await this.#files.write(account.id, 'witness', bytes)
    this.#written = version
  }

  /** Before the account is locked: the last state is witnessed. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.now()
  }
}
