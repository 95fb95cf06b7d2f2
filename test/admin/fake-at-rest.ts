// The life of keys in memory, without keys: enough for admin commands to work on.
import type { AtRestApi, JobStatus, OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { Refusal } from '../../src/account/errors.ts'
import type { FakeAccount } from './fake-accounts.ts'

interface Owner {
  readonly accounts: ReadonlyMap<string, FakeAccount>
  readonly given: Buffer[]
}

const freshCode = 'HHHH-JJJJ-KKKK-MMMM-NNNN-PPPP-QQQQ'
const unused = (): never => {
  throw new Error('admin commands do not call this')
}

/** An account named `busy@...` is in the middle of a rotation. */
export function fakeAtRest(owner: Owner): AtRestApi {
  const find = (address: string): FakeAccount => {
    const account = owner.accounts.get(address)
    if (!account) throw new Refusal('no-such-account', `no account ${address}`)
    return account
  }
  const read = (bytes: Uint8Array): string => {
    owner.given.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return Buffer.from(bytes).toString()
  }
  const check = (address: string, secret: OwnerSecret): FakeAccount => {
    const account = find(address)
    if (secret.kind === 'recovery') {
      if (read(secret.code) !== account.code)
        throw new Refusal('wrong-recovery-code', 'looks mistyped in group 3')
    } else if (secret.kind === 'password') {
      if (read(secret.password) !== account.password)
        throw new Refusal('authentication-failed', 'wrong password')
    } else unused()
    return account
  }
  let wrong = 0
  /** The whole code, or its last two groups; three tries. */
  const take = (typed: Buffer): void => {
    const words = read(typed)
    if (words === freshCode || words === freshCode.slice(-9)) return
    wrong += 1
    throw wrong < 3
      ? new Refusal('wrong-recovery-code', 'That is not the code that was shown')
      : new Refusal('offer-expired', 'not offered any more, and was never in force')
  }
  return {
    async atRestStatus(address) {
      const { atRest, isPending, own = {} } = find(address)
      const job: JobStatus = {
        kind: 'rotate',
        ...{ done: 40, total: 100, startedAt: Date.UTC(2026, 0, 1) },
        waitsFor: 'the next login of its owner',
      }
      return {
        ...{ address, state: atRest, policy: own.policy ?? 'offered', isPending: isPending === true },
        own: { policy: own.policy, adminRecovery: own.adminRecovery },
        ...{
          hasRecoveryCode: atRest !== 'off' && !address.startsWith('nocode@'),
          adminRecovery: 'none',
          mainPassword: 'everywhere',
        },
        job: address.startsWith('busy@') ? job : undefined,
        enabledAt: Date.UTC(2026, 0, 1),
        recoveryCodeCheckedAt: undefined,
      }
    },
    async offerEnable(address, password) {
      check(address, { kind: 'password', password })
      const recoveryCode = Buffer.from(freshCode)
      owner.given.push(recoveryCode)
      return { offerId: address, recoveryCode, expiresAt: 0 }
    },
    async acceptEnable(offerId, typed) {
      take(typed)
      find(offerId).atRest = 'on'
      return { finished: Promise.resolve() }
    },
    withdrawOffer: () => undefined,
    async offerRecoveryCode(address, password) {
      check(address, { kind: 'password', password })
      const recoveryCode = Buffer.from(freshCode)
      owner.given.push(recoveryCode)
      return { offerId: address, recoveryCode, expiresAt: 0 }
    },
    async acceptRecoveryCode(offerId, typed) {
      take(typed)
      find(offerId).code = freshCode
    },
    async testRecoveryCode(address, code) {
      check(address, { kind: 'recovery', code })
    },
    async disableAtRest(address, secret) {
      check(address, secret).atRest = 'off'
      return { finished: Promise.resolve() }
    },
    async rotateKeys(address, secret, { progress }) {
      check(address, secret)
      progress?.(2, 2)
      return { finished: Promise.resolve() }
    },
    async setPending(address, isPending) {
      find(address).isPending = isPending
    },
    async setPolicy(address, policy) {
      const account = find(address)
      account.own = { ...account.own, policy }
    },
    async setAdminRecovery(address, adminRecovery) {
      const account = find(address)
      account.own = { ...account.own, adminRecovery }
    },
  }
}
