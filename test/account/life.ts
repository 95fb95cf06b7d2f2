// An account that lives a random life: what is done to it, what fails meanwhile, and what must hold afterwards.
import assert from 'node:assert/strict'
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import { isRefusal, Refusal } from '../../src/account/errors.ts'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import type { WitnessFiles } from '../../src/account/witness-files.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { copyOf, putBack } from './copies.ts'
import { FailingStore } from './failing-store.ts'
import { copied, nothing, type Image, type Known } from './life-model.ts'
import type { Fault, LifeStep } from './life-steps.ts'
import { chunks, deliverTo, mail, makeSite, readAll, session, type TestSite } from './support.ts'
import { adopted, subjectOf } from './views.ts'

const names = ['alice@example.org', 'al@example.net', 'a@example.com'] as const
const admin = (): Buffer => Buffer.from('admin words')
const boxes = ['INBOX', 'Archive', 'Sent'] as const

/** Witnesses that outlive the process, as files do. */
function keptWitnesses(): WitnessFiles {
  const files = new Map<string, Buffer>()
  const name = (account: Uint8Array, kind: string): string =>
    `${Buffer.from(account).toString('hex')}.${kind}`
  return {
    read: async (account, kind) => files.get(name(account, kind)),
    write: async (account, kind, bytes) => void files.set(name(account, kind), Buffer.from(bytes)),
    remove: async (account, kind) => void files.delete(name(account, kind)),
  }
}

/** The owner's own key, and what opens mail that is sealed to it. */
export interface LifeKeys {
  readonly publicKey: Buffer
  readonly open: (sealed: Buffer) => Buffer
}

interface World {
  readonly site: TestSite
  readonly inner: ReturnType<typeof openMemoryStore>
  readonly disk: FailingStore
  readonly keys: LifeKeys
}

export class Life {
  readonly #site: TestSite
  readonly #inner: ReturnType<typeof openMemoryStore>
  #disk: FailingStore
  #address: string = names[0]
  #known: Known
  #image: Image | undefined
  #session: OpenAccount | undefined
  #count = 0
  readonly #retired = new Set<string>()
  readonly #keys: LifeKeys
  /** Whether mail is sealed to the owner's own key; undefined: nobody can tell. */
  #isSealing: boolean | undefined = false
  /** Sealed messages as they were last seen. */
  readonly #sealed = new Map<string, Buffer>()
  /** Messages that came while it was: none may be stored as it came. */
  readonly #mustBeSealed = new Set<string>()

  private constructor(world: World) {
    this.#site = world.site
    this.#inner = world.inner
    this.#disk = world.disk
    this.#keys = world.keys
    this.#known = nothing('word0')
  }

  static async begin(keys: LifeKeys): Promise<Life> {
    const inner = openMemoryStore()
    const disk = new FailingStore(inner, { countsNames: true })
    const witnesses = { files: keptWitnesses(), intervalMs: 1e9 }
    const site = await makeSite({ witnesses }, disk.store)
    await site.accounts.escrow.setEscrow([admin()])
    await site.accounts.create(names[0], Buffer.from('word0'))
    // Keys that gpg makes are of this moment.
    site.clock.time = Date.now()
    return new Life({ site, inner, disk, keys })
  }

  get #accounts(): Accounts {
    return this.#site.accounts
  }

  async #crash(): Promise<void> {
    this.#disk.killAfter(0)
    this.#session = undefined
    this.#disk = new FailingStore(this.#inner, { countsNames: true })
    this.#site.accounts = await this.#site.reopen(this.#disk.store)
  }

  /** True: it was done; false: nobody knows. Refusals that say why nothing was done come out. */
  async #attempt({ failure, after }: Fault, change: () => Promise<unknown>): Promise<boolean> {
    if (failure === 'kill') this.#disk.killAfter(after + 1)
    else if (failure !== 'none') this.#disk.failNext(failure, after)
    try {
      await change()
      return true
    } catch (error) {
      assert.ok(error instanceof Refusal, `a refusal in words, not ${String(error)}`)
      if (isRefusal(error, 'unavailable') || (failure !== 'none' && isRefusal(error, 'busy'))) return false
      throw error
    } finally {
      this.#disk.disarm()
      if (failure === 'kill' || failure === 'late') await this.#crash()
    }
  }

  /** One that opens the account, found by trying; what may have been the password and is not any more opens nothing for good. */
  async #password(): Promise<Buffer> {
    const found: string[] = []
    for (const word of this.#known.passwords) {
      try {
        await this.#accounts.authenticate(this.#address, Buffer.from(word), session)
        if (!this.#known.lockedWords.includes(word)) found.push(word)
      } catch (error) {
        if (!isRefusal(error, 'authentication-failed')) throw error
      }
    }
    assert.equal(found.length, 1, `one of ${this.#known.passwords.join()} opens the account: ${found.join()}`)
    const [word = ''] = found
    for (const other of this.#known.passwords) if (other !== word) this.#retired.add(other)
    this.#known.passwords = [word]
    return Buffer.from(word)
  }

  async #open(): Promise<OpenAccount> {
    const password = await this.#password()
    return (this.#session ??= await this.#accounts.login(this.#address, password, session))
  }

  async #secret(): Promise<{ kind: 'password'; password: Buffer }> {
    return { kind: 'password', password: await this.#password() }
  }

  #message(): { subject: string; bytes: Buffer } {
    const subject = `s${(this.#count += 1)}`
    return { subject, bytes: mail(subject, 'x'.repeat((this.#count * 977) % 3000)) }
  }

  #word(): string {
    return `word${(this.#count += 1)}`
  }

  /** The password is this one now, or may be. */
  #newPassword(word: string, isDone: boolean): void {
    const { passwords } = this.#known
    if (isDone) for (const old of passwords) this.#retired.add(old)
    this.#known.passwords = isDone ? [word] : [...passwords, word]
  }

  async run(step: LifeStep): Promise<void> {
    try {
      await this.#run(step)
    } catch (error) {
      // What does not fit the state of the account is refused, and changes nothing.
      const fitting = [
        'already-enabled',
        'not-enabled',
        'nothing-to-do',
        'no-own-key',
        'mail-would-be-lost',
        'in-use',
        'busy',
      ] as const
      if (!fitting.some((code) => isRefusal(error, code))) throw error
    }
  }

  async #run({ op, pick, fault }: LifeStep): Promise<void> {
    const known = this.#known
    const accounts = this.#accounts
    switch (op) {
      case 'deliver': {
        const { subject, bytes } = this.#message()
        const isDone = await this.#attempt(fault, () => deliverTo(accounts, this.#address, bytes))
        ;(isDone ? known.mail : known.perhaps).set(subject, bytes)
        if (this.#isSealing) this.#mustBeSealed.add(subject)
        return
      }
      case 'add-key': {
        const secret = await this.#secret()
        const isDone = await this.#attempt(fault, () =>
          accounts.publicKeys.addPublicKeys(this.#address, secret, this.#keys.publicKey),
        )
        this.#isSealing = isDone || undefined
        return
      }
      case 'drop-keys': {
        const secret = await this.#secret()
        const [key] = (await accounts.publicKeys.publicKeys(this.#address)).keys
        if (!key) return
        const isDone = await this.#attempt(fault, () =>
          accounts.publicKeys.removePublicKey(this.#address, secret, key.fingerprint),
        )
        this.#isSealing = isDone ? false : undefined
        return
      }
      case 'seal-existing': {
        const secret = await this.#secret()
        await this.#attempt(fault, async () => {
          const { finished } = await accounts.publicKeys.sealExistingMail(this.#address, secret)
          await finished
        })
        return
      }
      case 'append': {
        const { subject, bytes } = this.#message()
        const open = await this.#open()
        const isDone = await this.#attempt(fault, () =>
          open.append(boxes[pick % 3] ?? 'INBOX', chunks(bytes), { flags: [] }),
        )
        ;(isDone ? known.mail : known.perhaps).set(subject, bytes)
        return
      }
      case 'move':
      case 'expunge': {
        const open = await this.#open()
        const box = await open.select(boxes[pick % 3] ?? 'INBOX', { isReadOnly: false })
        const uids = box.uids().filter((_, index) => (index + pick) % 3 === 0)
        if (op === 'move') {
          await this.#attempt(fault, () => box.move(uids, boxes[(pick + 1) % 3] ?? 'INBOX'))
          return
        }
        const doomed: string[] = []
        for (const uid of uids) doomed.push(subjectOf(await readAll(box, uid)))
        const isDone = await this.#attempt(fault, async () => {
          await box.storeFlags(uids, 'add', ['\\Deleted'])
          await box.expunge(uids)
        })
        for (const subject of doomed) {
          const bytes = known.mail.get(subject)
          known.mail.delete(subject)
          if (isDone) known.perhaps.delete(subject)
          else if (bytes) known.perhaps.set(subject, bytes)
        }
        return
      }
      case 'rename': {
        const to = names[pick % names.length] ?? names[0]
        if (to === this.#address) return
        const keepsAlias = pick % 2 === 0
        this.#session = undefined
        const isDone = await this.#attempt(fault, () =>
          accounts.names.rename(this.#address, to, { keepsAlias }),
        )
        const isThere = async (name: string): Promise<boolean> =>
          this.#accounts.info(name).then(
            () => true,
            (error: unknown) => !isRefusal(error, 'no-such-account'),
          )
        const [before, after] = [await isThere(this.#address), await isThere(to)]
        assert.notEqual(before, after, 'an account has one address')
        if (isDone) assert.ok(after)
        if (after) this.#address = to
        return
      }
      case 'alias':
        await this.#attempt(fault, () => accounts.names.addAlias('info@example.org', [this.#address]))
        return
      case 'disable-account':
        this.#session = undefined
        await this.#attempt(fault, () => accounts.setDisabled(this.#address, true))
        await this.#accounts.setDisabled(this.#address, false)
        return
      case 'enable': {
        const offer = await accounts.atRest.offerEnable(this.#address, await this.#password())
        const isDone = await this.#attempt(fault, async () => {
          const { finished } = await accounts.atRest.acceptEnable(offer.offerId, offer.recoveryCode)
          if (pick % 2) await finished
        })
        known.codes = isDone ? [offer.recoveryCode] : [...known.codes, offer.recoveryCode]
        known.isOn = isDone || undefined
        return
      }
      case 'disable': {
        const secret = await this.#secret()
        const isDone = await this.#attempt(fault, () => accounts.atRest.disableAtRest(this.#address, secret))
        known.isOn = isDone ? false : undefined
        return
      }
      case 'rotate':
      case 're-encrypt': {
        const secret = await this.#secret()
        try {
          await this.#attempt(fault, async () => {
            const reencrypt = op === 're-encrypt'
            const { finished } = await accounts.atRest.rotateKeys(this.#address, secret, { reencrypt })
            if (pick % 3) await finished
          })
        } catch (error) {
          if (!isRefusal(error, 'busy')) throw error
        }
        return
      }
      case 'new-code': {
        const password = await this.#password()
        const offer = await accounts.atRest.offerRecoveryCode(this.#address, password)
        const isDone = await this.#attempt(fault, () =>
          accounts.atRest.acceptRecoveryCode(offer.offerId, offer.recoveryCode, password),
        )
        known.codes = isDone ? [offer.recoveryCode] : [...known.codes, offer.recoveryCode]
        return
      }
      case 'recover': {
        const word = this.#word()
        for (const code of known.codes) {
          let fresh: Buffer | undefined
          try {
            const isDone = await this.#attempt(fault, async () => {
              fresh = (await this.#accounts.recover(this.#address, code, Buffer.from(word))).recoveryCode
            })
            this.#session = undefined
            if (isDone && fresh) known.codes = [fresh]
            // The new code was not shown: whether the old one is used up can be tried.
            this.#newPassword(word, isDone)
            if (isDone) known.lockedWords = []
            return
          } catch (error) {
            if (!isRefusal(error, 'wrong-recovery-code')) throw error
          }
        }
        return
      }
      case 'change-password': {
        const [word, old] = [this.#word(), await this.#password()]
        const isDone = await this.#attempt(fault, () =>
          accounts.changePassword(this.#address, old, Buffer.from(word)),
        )
        this.#newPassword(word, isDone)
        if (isDone) known.lockedWords = []
        return
      }
      case 'set-password': {
        const word = this.#word()
        this.#session = undefined
        const isDone = await this.#attempt(fault, () =>
          accounts.setPassword(this.#address, Buffer.from(word)),
        )
        this.#newPassword(word, isDone)
        if (isDone) known.lockedWords = []
        return
      }
      case 'reset-by-admin': {
        const word = this.#word()
        this.#session = undefined
        const isDone = await this.#attempt(fault, () =>
          accounts.escrow.escrowResetPassword(this.#address, [admin()], Buffer.from(word)),
        )
        this.#newPassword(word, isDone)
        if (isDone) known.lockedWords = []
        return
      }
      case 'lock-mail': {
        const word = this.#word()
        this.#session = undefined
        const isDone = await this.#attempt(fault, () =>
          accounts.lockedMail.lockMail(this.#address, Buffer.from(word)),
        )
        known.lockedWords = isDone ? [word] : [...known.lockedWords, word]
        return
      }
      case 'unlock-mail': {
        const [word, secret] = [this.#word(), await this.#secret()]
        this.#session = undefined
        const isDone = await this.#attempt(fault, () =>
          accounts.lockedMail.unlockMail(this.#address, secret, Buffer.from(word)),
        )
        this.#newPassword(word, isDone)
        if (isDone) known.lockedWords = []
        return
      }
      case 'add-app': {
        if (known.apps.size + known.perhapsApps.size > 8) return
        const secret = await this.#secret()
        await this.#attempt(fault, async () => {
          const { appPassword, text } = await accounts.slots.addAppPassword(this.#address, secret, {
            name: 'x',
          })
          known.apps.set(appPassword.id, text)
        })
        return
      }
      case 'revoke-app': {
        const [id, text] = [...known.apps][0] ?? []
        if (id === undefined || !text) return
        const isDone = await this.#attempt(fault, () => accounts.slots.revokeAppPassword(this.#address, id))
        known.apps.delete(id)
        if (isDone) this.#retired.add(text.toString())
        else known.perhapsApps.set(id, text)
        return
      }
      case 'image':
        await this.#logOut()
        await this.#password()
        this.#image = { copy: await copyOf(this.#inner, await this.#id()), known: copied(known) }
        return
      case 'put-back':
        await this.#putBack(pick)
        return
      case 'log-out':
        await this.#logOut()
        return
      case 'restart':
        this.#session = undefined
        await this.#site.restart(this.#disk.store)
        return
      case 'crash':
        await this.#crash()
        return
    }
  }

  async #id(): Promise<string> {
    return (await this.#accounts.info(this.#address)).accountId
  }

  async #logOut(): Promise<void> {
    await this.#accounts.lock(this.#address, 'out')
    this.#session = undefined
  }

  /** The account as it once was: it opens when somebody accepts that, and has what it had. */
  async #putBack(pick: number): Promise<void> {
    if (!this.#image) return
    await this.#logOut()
    await putBack(this.#inner, this.#image.copy)
    await this.#crash()
    this.#isSealing = undefined
    const { lockedWords } = this.#known
    this.#known = copied(this.#image.known)
    this.#known.lockedWords = lockedWords
    for (const word of this.#known.passwords) this.#retired.delete(word)
    for (const [id, text] of this.#known.apps) {
      // What was revoked is in the directory, which nobody put back, until the account was opened.
      this.#known.perhapsApps.set(id, text)
      this.#retired.delete(text.toString())
    }
    this.#known.apps.clear()
    const password = Buffer.from(this.#known.passwords[0] ?? '')
    try {
      await this.#accounts.authenticate(this.#address, password, session)
    } catch (error) {
      assert.ok(isRefusal(error, 'rolled-back'), String(error))
    }
    const secret = { kind: 'password', password } as const
    await this.#accounts.rollbacks.acceptRollback(this.#address, pick % 2 ? secret : undefined)
  }

  /** What must hold at any moment. */
  async check(): Promise<void> {
    const known = this.#known
    const { atRest, isUnlocked } = await this.#accounts.info(this.#address)
    const isOn = atRest !== 'off' && atRest !== 'disabling'
    if (known.isOn !== undefined) assert.equal(isOn, known.isOn, 'at-rest encryption is as it was told')
    known.isOn = isOn
    if (!this.#session && !isUnlocked && isOn) await this.#staysLocked()
    for (const word of this.#retired)
      await assert.rejects(
        this.#accounts.authenticate(this.#address, Buffer.from(word), session),
        (error) => isRefusal(error, 'authentication-failed'),
        `${word} opens nothing any more`,
      )
    const open = await this.#open()
    await adopted(this.#accounts, this.#address)
    const seen = new Map<string, Buffer>()
    for (const { name } of open.mailboxes()) {
      const box = await open.select(name, { isReadOnly: true })
      for (const uid of box.uids()) {
        const bytes = await readAll(box, uid)
        const subject = subjectOf(bytes)
        if (!/^s\d+$/.test(subject)) continue
        assert.ok(!seen.has(subject), `${subject} is there twice`)
        seen.set(subject, bytes)
      }
      box.close()
    }
    for (const subject of known.mail.keys()) assert.ok(seen.has(subject), `${subject} is there`)
    for (const [subject, bytes] of seen) {
      const wanted = known.mail.get(subject) ?? known.perhaps.get(subject)
      assert.ok(wanted, `${subject} was removed`)
      const isSealed = isEncrypted(bytes)
      assert.ok(isSealed || wanted.equals(bytes), `${subject} is what was written`)
      assert.ok(isSealed || !this.#mustBeSealed.has(subject), `${subject} was to be sealed`)
      known.mail.set(subject, wanted)
      if (isSealed) this.#sealed.set(subject, bytes)
    }
    known.perhaps.clear()
    for (const [, text] of known.apps)
      assert.equal(
        await this.#accounts.authenticate(this.#address, Buffer.from(text), session),
        this.#address,
      )
  }

  async #staysLocked(): Promise<void> {
    await assert.rejects(this.#accounts.openFor(this.#address, { kind: 'site' }, session), (error) =>
      isRefusal(error, 'mail-would-be-lost'),
    )
  }

  async end(): Promise<void> {
    await this.run({ op: 'restart', pick: 0, fault: { failure: 'none', after: 0 } })
    await this.check()
    const { findings } = await this.#accounts.verify(this.#address, await this.#password())
    assert.deepEqual(findings, [])
    for (const [subject, bytes] of [...this.#sealed].slice(-2)) {
      const wanted = this.#known.mail.get(subject)
      if (wanted) assert.deepEqual(this.#keys.open(bytes), wanted)
    }
    for await (const { text } of this.#accounts.repairs.fsckSite()) assert.fail(text)
    await this.#accounts.close()
  }
}
