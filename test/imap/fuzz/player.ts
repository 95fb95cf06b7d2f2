// Plays generated commands to one session, as a client that keeps to the protocol as long as its bytes do.
import fc from 'fast-check'
import type { Client } from '../client.ts'
import { command } from './commands.ts'
import type { Line, Piece } from './words.ts'

/** What is done to a command's text before it is sent: nothing mostly. Places are in thousandths of its length. */
type Damage =
  | { readonly kind: 'none' }
  | { readonly kind: 'drop' | 'twice'; readonly place: number; readonly count: number }
  | { readonly kind: 'put'; readonly place: number; readonly octets: string }

export interface Step {
  readonly line: Line
  readonly damage: Damage
  /** The next command is sent without waiting for the answer to this one. */
  readonly isPipelined: boolean
  /** Where no mailbox is selected, INBOX is before it: most commands want one. */
  readonly selects: boolean
  /** Octets sent at once. */
  readonly chunkBytes: number
}

const place = fc.nat(1000)
const damage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 80, arbitrary: fc.constant({ kind: 'none' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('drop', 'twice'),
      place,
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      place,
      octets: fc.constantFrom(
        '(',
        ')',
        '"',
        '\\',
        ' ',
        '{',
        '}',
        '\0',
        '\xff',
        '\r',
        '\n',
        '*',
        '\t',
        '{3}',
        '[',
        '%',
      ),
    }),
  },
)

export const step: fc.Arbitrary<Step> = fc.record({
  line: command,
  damage,
  isPipelined: fc.nat(3).map((dice) => dice === 0),
  selects: fc.nat(9).map((dice) => dice > 0),
  chunkBytes: fc.constantFrom(100_000, 100_000, 1, 2, 7, 50),
})

/** How a session ends. */
export type Ending = 'logout' | 'end' | 'reset' | 'cut'
export const ending: fc.Arbitrary<Ending> = fc.constantFrom('logout', 'end', 'reset', 'cut')

/** One session's client. */
export class Player {
  readonly #client: Client
  #tags = 0
  #isEnded = false

  constructor(client: Client) {
    this.#client = client
  }

  async play(steps: readonly Step[], how: Ending): Promise<void> {
    for (const each of steps) {
      if (this.#isEnded) return
      await this.#step(each)
    }
    await this.#settle()
    if (this.#isEnded) return
    if (how === 'cut') this.#client.write('cut UID FETCH 1:* (FLAGS BODY[')
    if (how === 'logout') this.#client.send('end LOGOUT')
    if (how === 'reset') this.#client.socket.resetAndDestroy()
    else {
      this.#client.socket.end()
      await this.#client.rest()
    }
  }

  async #step({ line, damage: how, isPipelined, selects, chunkBytes }: Step): Promise<void> {
    const { rules } = this.#client
    if (selects && !rules.isSelected && !rules.isBlind && rules.unanswered.length === 0) {
      this.#client.send('again SELECT INBOX')
      await this.#settle()
    }
    if (this.#isEnded) return
    this.#tags += 1
    const tag = `t${this.#tags}`
    const last = line.length - 1
    for (const [index, piece] of line.entries()) {
      if (typeof piece === 'string') {
        const text = index === 0 ? damaged(piece, how) : piece
        this.#write((index === 0 ? `${tag} ` : '') + text + (index === last ? '\r\n' : ''), chunkBytes)
      } else {
        this.#write(head(piece), chunkBytes)
        // Only what is asked for is sent; what is refused is not.
        if (piece.form === 'wait' && !(await this.#isAskedFor(tag))) return
        this.#write(piece.literal.toString('latin1') + (index === last ? '\r\n' : ''), chunkBytes)
      }
    }
    if (rules.isBlind) return
    if (!isPipelined || rules.isStuck) await this.#settle()
  }

  /** Whether `+` came for the literal just announced. */
  async #isAskedFor(tag: string): Promise<boolean> {
    const { rules } = this.#client
    while (!this.#isEnded && !rules.isBlind && rules.isStuck) await this.#hear()
    return !this.#isEnded && (rules.isBlind || rules.unanswered.some((command) => command.tag === tag))
  }

  /** Reads until everything sent has been answered; IDLE is ended, AUTHENTICATE cancelled. */
  async #settle(): Promise<void> {
    const { rules } = this.#client
    while (!this.#isEnded && !rules.isBlind && rules.unanswered.length > 0) {
      const { owed } = rules
      if (owed === undefined) await this.#hear()
      else this.#client.write(owed)
    }
  }

  async #hear(): Promise<void> {
    if ((await this.#client.next()) === undefined) this.#isEnded = true
  }

  #write(text: string, chunkBytes: number): void {
    for (let at = 0; at < text.length; at += chunkBytes) this.#client.write(text.slice(at, at + chunkBytes))
  }
}

function head({ literal, form }: Exclude<Piece, string>): string {
  if (form === 'binary') return `~{${literal.length}+}\r\n`
  return `{${literal.length}${{ wait: '', plus: '+' }[form]}}\r\n`
}

function damaged(text: string, how: Damage): string {
  if (how.kind === 'none') return text
  const at = Math.floor((how.place * text.length) / 1000)
  if (how.kind === 'put') return text.slice(0, at) + how.octets + text.slice(at)
  const part = how.kind === 'drop' ? '' : text.slice(at, at + how.count).repeat(2)
  return text.slice(0, at) + part + text.slice(at + how.count)
}
