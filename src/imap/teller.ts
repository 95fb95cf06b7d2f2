// Tells news as they happen, while the peer is waited for: in IDLE, and after NOTIFY between commands.
import type { Session } from './session.ts'

export class Teller {
  readonly #session: Session
  readonly #mayExpunge: boolean
  #isOver = false
  #telling: Promise<void> | undefined

  constructor(session: Session, mayExpunge: boolean) {
    this.#session = session
    this.#mayExpunge = mayExpunge
    // A commit calls this; the answer is written later, outside of it.
    session.onNews(() => this.#wake())
    if (session.hasNews(mayExpunge)) this.#wake()
  }

  get isTelling(): boolean {
    return this.#telling !== undefined
  }

  /** Resolves when nothing is half told any more. */
  async stop(): Promise<void> {
    this.#isOver = true
    this.#session.onNews(undefined)
    await this.#telling
  }

  #wake(): void {
    setImmediate(() => {
      if (this.#isOver) return
      this.#telling ??= this.#tell().finally(() => {
        this.#telling = undefined
      })
    })
  }

  /** Changes that come while the peer is not reading gather, coalesced: their number is bounded by the mailboxes. */
  async #tell(): Promise<void> {
    const { link } = this.#session
    try {
      while (!this.#isOver && this.#session.hasNews(this.#mayExpunge)) {
        await link.speak(async () => {
          this.#session.announce(this.#mayExpunge)
          await this.#session.tellContexts()
          await this.#session.tellNotices()
        })
        await link.flush()
      }
    } catch {
      // The connection is lost; whoever waits for the peer will be told.
    }
    if (this.#session.selected?.isLost)
      link.close('The selected mailbox is gone, please connect again', 'UNAVAILABLE')
  }
}
