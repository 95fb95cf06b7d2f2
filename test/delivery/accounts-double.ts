// Stands in for the account layer: keeps what is delivered, and refuses as the address says.
import type { DeliveryTarget } from '../../src/account/api.ts'
import { Refusal, type RefusalCode } from '../../src/account/errors.ts'

export interface Delivered {
  readonly target: DeliveryTarget
  /** A copy: the original is wiped. */
  readonly message: Buffer
}

/** `rcpt-CODE@`, `check-CODE@`, `deliver-CODE@` refuse there; `fault@` is a bug; everyone else but `nobody@` exists. */
export class AccountsDouble {
  readonly delivered: Delivered[] = []
  /** Addresses that lead to others. */
  readonly aliases = new Map<string, readonly string[]>()
  readonly checked: (readonly [address: string, sizeBytes: number])[] = []
  /** The buffers as given, to see that they are wiped afterwards. */
  readonly given: Buffer[] = []
  /** Runs before each delivery. */
  before: (target: DeliveryTarget) => Promise<void> = async () => undefined

  async resolve(address: string): Promise<readonly DeliveryTarget[]> {
    refuse('rcpt', address)
    if (address.startsWith('nobody')) throw new Refusal('no-such-account', 'none')
    const aliased = this.aliases.get(address)
    if (aliased) return aliased.map((target) => ({ address: target, detail: '' }))
    const [, local = '', detail = '', domain = ''] = /^([^+@]*)(?:\+([^@]*))?@(.*)$/.exec(address) ?? []
    return [{ address: `${local}@${domain}`.toLowerCase(), detail }]
  }

  async checkDelivery({ address }: DeliveryTarget, sizeBytes: number): Promise<void> {
    this.checked.push([address, sizeBytes])
    refuse('check', address)
  }

  async deliver(target: DeliveryTarget, message: Buffer): Promise<void> {
    this.given.push(message)
    await this.before(target)
    refuse('deliver', target.address)
    if (target.address.startsWith('fault')) throw new TypeError('canary-in-an-error-text')
    this.delivered.push({ target, message: Buffer.from(message) })
  }

  to(address: string): Buffer[] {
    return this.delivered.filter(({ target }) => target.address === address).map(({ message }) => message)
  }
}

function refuse(where: string, address: string): void {
  const code = new RegExp(`^${where}-([a-z-]+)@`).exec(address)?.[1]
  if (code !== undefined) throw new Refusal(code as RefusalCode, 'refused by the test')
}

/** The message behind its trace fields. */
export function withoutTrace(message: Buffer): Buffer {
  const marker = message.indexOf('\r\n\tfor <')
  return message.subarray(message.indexOf('\r\n', marker + 2) + 2)
}
