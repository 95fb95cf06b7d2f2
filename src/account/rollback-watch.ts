// Compares accounts with their witnesses while they are unlocked, and remembers those that were put back to an older state.
import { isRefusal } from './errors.ts'
import { refusing } from './refusing.ts'
import { checkSlotsAreCurrent } from './slots.ts'
import type { Site, UnlockedAccount } from './unlocked-account.ts'
import { checkWitness, readWitnesses, type Rollback, type Witnesses, type WitnessReading } from './witness.ts'
import { WitnessKeeper } from './witness-keeper.ts'

/** Versions whose heads have to be known to compare them. */
export const versionsIn = (reading: WitnessReading | undefined): number[] =>
  [reading?.witness?.version, reading?.acceptance?.version].filter((each) => each !== undefined)

export class RollbackWatch {
  readonly #site: Site
  /** undefined: rollbacks are not noticed. */
  readonly witnesses: Witnesses | undefined
  /** Those that logins met, by account. */
  readonly #noticed = new Map<string, Rollback>()

  constructor(site: Site, witnesses: Witnesses | undefined) {
    this.#site = site
    this.witnesses = witnesses
  }

  noticed(account: Buffer): Rollback | undefined {
    return this.#noticed.get(account.toString('hex'))
  }

  /** It was said that the older state was meant. */
  settled(account: Buffer): void {
    this.#noticed.delete(account.toString('hex'))
  }

  /** What stands outside the store about an account. A directory that cannot be read keeps nobody from their mail. */
  async read(account: Buffer): Promise<WitnessReading | undefined> {
    if (!this.witnesses) return undefined
    try {
      return await readWitnesses(this.witnesses.files, account)
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'fault'
      this.#site.log.write('warn', 'witness.read-failed', { account: account.toString('hex'), reason })
      return undefined
    }
  }

  /** Reads an account's records, and compares them with each other and with its witness. Throws as `load` does; refuses with 'rolled-back'. */
  async load(unlocked: UnlockedAccount): Promise<void> {
    const reading = await this.read(unlocked.id)
    const version = await refusing(() => unlocked.load(versionsIn(reading)))
    await refusing(() => checkSlotsAreCurrent(unlocked))
    if (this.witnesses && reading) await this.#compare(unlocked, this.witnesses, reading, version)
  }

  /** From here on the account's witness goes along with it. */
  keep(unlocked: UnlockedAccount): void {
    if (!this.witnesses) return
    unlocked.witness = new WitnessKeeper(unlocked, this.witnesses.files, this.witnesses.intervalMs)
    unlocked.witness.wake()
  }

  /** The account is gone. */
  async forget(account: Buffer): Promise<void> {
    for (const kind of ['witness', 'accepted'] as const)
      await this.witnesses?.files.remove(account, kind).catch(() => undefined)
  }

  async #compare(
    unlocked: UnlockedAccount,
    { files }: Witnesses,
    reading: WitnessReading,
    version: number,
  ): Promise<void> {
    try {
      await refusing(() => checkWitness(unlocked, files, reading, version))
      this.settled(unlocked.id)
    } catch (error) {
      if (isRefusal(error, 'rolled-back') && reading.witness)
        await this.#notice(unlocked.id, {
          seenVersion: reading.witness.version,
          seenAt: reading.witness.at,
          presentVersion: version,
        })
      throw error
    }
  }

  async #notice(account: Buffer, rollback: Rollback): Promise<void> {
    const name = account.toString('hex')
    const isNew = !this.#noticed.has(name)
    this.#noticed.set(name, rollback)
    if (isNew)
      await this.#site.audit.write({ event: 'rollback.noticed', by: 'server', detail: { account: name } })
  }
}
