// Recovery with a waiting time (RecoveryApi of api-lifecycle.ts), and the mails about recovery codes.
import { equalSecret, sha256 } from '../crypto/digest.ts'
import { randomToken } from '../crypto/random.ts'
import { formatRecoveryCode, readRecoveryCode } from '../crypto/recovery-code.ts'
import type { RecoveryApi } from './api-lifecycle.ts'
import { noteAudit } from './audit.ts'
import { fieldOf, recoveryWaitingField, type RecoveryWaiting } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { Refusal } from './errors.ts'
import { isRefusal } from './errors.ts'
import type { Notices } from './notices.ts'
import type { OpenFor } from './owner-trail.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { leaveInTrail } from './trail-arrival.ts'
import { addToTrail } from './trail.ts'
import type { Site } from './unlocked-account.ts'

export interface RecoverySettings {
  /** Milliseconds between the right code and the new password; 0: none. */
  readonly delayMs: number
  /** What is mailed about a new recovery code. */
  readonly mail: 'notice' | 'code' | 'off'
  /** With `code`: into the account’s own mailbox as well. */
  readonly intoMailbox: boolean
  /** Of the owners' page, for the link that cancels. */
  readonly baseUrl?: string | undefined
}

/** Where nothing is set; the settings of a server say `notice`. */
export const standardRecovery: RecoverySettings = { delayMs: 0, mail: 'off', intoMailbox: false }

export interface RecoveryParts {
  readonly site: Site
  readonly registry: Registry
  readonly notices: Notices
  readonly openFor: OpenFor
  readonly recovery: RecoverySettings
}

/** A recovery that nobody carries out is forgotten so long after it could have been. */
const openMs = 7 * 24 * 60 * 60_000

export class Recovery implements RecoveryApi {
  readonly #parts: RecoveryParts

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  /** Begins to wait if nothing waits. Refuses with 'wrong-recovery-code'. */
  async beginRecovery(
    address: string,
    code: Uint8Array,
  ): Promise<{ readonly readyAt: number; readonly cancelToken: string | undefined }> {
    const { site, registry, openFor, recovery } = this.#parts
    const entry = await registry.entry(address)
    const session = await openFor(entry, { kind: 'recovery', code })
    try {
      const now = site.clock.now()
      if (recovery.delayMs === 0) return { readyAt: now, cancelToken: undefined }
      // As it is now: it may have been cancelled while the code was checked.
      const waiting = this.#waiting(await registry.entry(address))
      if (waiting) return { readyAt: waiting.readyAt, cancelToken: undefined }
      const cancelToken = randomToken()
      const readyAt = now + recovery.delayMs
      const tokenDigest = sha256(Buffer.from(cancelToken))
      await refusing(() => addToTrail(session.account, [{ kind: 'recovery-begun', by: 'owner' }]))
      // Of two at once the first counts: its link has to cancel it.
      let begun: RecoveryWaiting | undefined
      await registry.changeField(entry, recoveryWaitingField, (present) => {
        const isOpen = present !== undefined && present.expiresAt > now
        return (begun = isOpen ? present : { readyAt, expiresAt: readyAt + openMs, tokenDigest })
      })
      if (begun && !begun.tokenDigest.equals(tokenDigest))
        return { readyAt: begun.readyAt, cancelToken: undefined }
      await noteAudit(site, {
        event: 'recovery.begun',
        address: entry.address,
        by: 'owner',
        detail: { readyAt: new Date(readyAt).toISOString() },
      })
      await this.#tellBegun(entry, readyAt, cancelToken)
      return { readyAt, cancelToken }
    } finally {
      await session.close()
    }
  }

  async waitingRecovery(address: string): Promise<{ readonly readyAt: number } | undefined> {
    const waiting = this.#waiting(await this.#parts.registry.entry(address))
    return waiting && { readyAt: waiting.readyAt }
  }

  #waiting(entry: DirectoryEntry): RecoveryWaiting | undefined {
    const waiting = fieldOf(entry.fields, recoveryWaitingField)
    return waiting && waiting.expiresAt > this.#parts.site.clock.now() ? waiting : undefined
  }

  /** Before a recovery is carried out. Refuses with 'not-permitted' while it has to wait, which this begins where nothing waits. */
  async mustBeReady(address: string, code: Uint8Array): Promise<void> {
    const { site, recovery } = this.#parts
    if (recovery.delayMs === 0) return
    const { readyAt } = await this.beginRecovery(address, code)
    if (readyAt <= site.clock.now()) return
    throw new Refusal(
      'not-permitted',
      `The code is right. This site waits before it recovers an account: come again after ${new Date(readyAt).toISOString()}. Whoever owns the account was told, and can cancel it`,
    )
  }

  /** A recovery was carried out: nothing waits any more. */
  async recovered(entry: DirectoryEntry, freshCode: Uint8Array): Promise<void> {
    const { site, registry, notices, recovery } = this.#parts
    if (fieldOf(entry.fields, recoveryWaitingField))
      await registry.setField(entry, recoveryWaitingField, undefined)
    await noteAudit(site, { event: 'recovered', address: entry.address, by: 'owner' })
    if (recovery.mail === 'off') return
    const now = site.clock.now()
    await notices.tell(entry, (words) => words.notice('recovered', { at: words.moment(now) }))
    // That there is a new code was just said.
    if (recovery.mail === 'code') await this.codeTextWasMade(entry, freshCode)
  }

  /** As `codeWasMade`, of a code as it is shown. */
  async codeTextWasMade(entry: DirectoryEntry, text: Uint8Array): Promise<void> {
    const { secret } = readRecoveryCode(text)
    await this.codeWasMade(entry, secret).finally(() => secret.fill(0))
  }

  async cancelRecovery(
    address: string,
    by: { readonly token: string } | { readonly password: Buffer },
  ): Promise<void> {
    const { site, registry, openFor } = this.#parts
    const entry = await registry.entry(address).catch((error: unknown) => {
      throw 'token' in by && isRefusal(error, 'no-such-account') ? wrongToken() : error
    })
    if ('token' in by) {
      const waiting = this.#waiting(entry)
      if (!waiting || !equalSecret(waiting.tokenDigest, sha256(Buffer.from(by.token)))) throw wrongToken()
      await leaveInTrail(site, entry.account, {
        kind: 'recovery-cancelled',
        by: 'owner',
        detail: 'by the link',
      })
    } else {
      const session = await openFor(entry, { kind: 'password', password: by.password })
      try {
        if (!this.#waiting(entry)) throw new Refusal('nothing-to-do', 'No recovery is waiting')
        await refusing(() => addToTrail(session.account, [{ kind: 'recovery-cancelled', by: 'owner' }]))
      } finally {
        await session.close()
      }
    }
    await registry.setField(entry, recoveryWaitingField, undefined)
    await noteAudit(site, { event: 'recovery.cancelled', address: entry.address, by: 'owner' })
  }

  async #tellBegun(entry: DirectoryEntry, readyAt: number, token: string): Promise<void> {
    const { baseUrl } = this.#parts.recovery
    const query = new URLSearchParams({ address: entry.address, token }).toString()
    await this.#parts.notices.tell(entry, (words) => {
      const link = `${baseUrl ?? ''}/recovery/cancel?${query}`
      return words.notice('recoveryBegun', {
        readyAt: words.moment(readyAt),
        address: entry.address,
        link: baseUrl === undefined ? '' : words.of('recoveryBegun.link', { link }),
      })
    })
  }

  /** A new recovery code is in force: 16 bytes, which stay the caller's. Never throws. */
  async codeWasMade(entry: DirectoryEntry, code: Uint8Array): Promise<void> {
    const { recovery, notices, site } = this.#parts
    if (recovery.mail === 'off') return
    const now = site.clock.now()
    if (recovery.mail === 'notice') {
      // Whoever made it has the mailbox open; this is for the case that it was somebody else.
      await notices.tell(entry, (words) => words.notice('codeRenewed', { at: words.moment(now) }), {
        mailbox: false,
        alternate: true,
      })
      return
    }
    const secret = formatRecoveryCode(code)
    try {
      await notices.tell(
        entry,
        (words) => ({
          ...words.notice('code', { address: entry.address, at: words.moment(now) }),
          secret,
        }),
        { mailbox: recovery.intoMailbox, alternate: true },
      )
    } finally {
      secret.fill(0)
    }
  }
}

const wrongToken = (): Refusal =>
  new Refusal('authentication-failed', 'No recovery waits that this would cancel')
