// Letterlock and a private Dovecot side by side, with one account each and the same messages in INBOX.
import { DovecotProcess } from '../../support/dovecot.ts'
import { ImapSession } from '../../support/imap-session.ts'
import { ServerProcess } from '../../support/server-process.ts'
import type { CorpusMessage } from '../corpus.ts'

const address = 'alice@example.org'
const password = 'the same on both'
const flagSets = [
  '',
  '\\Seen',
  '\\Answered \\Flagged',
  '\\Draft',
  '\\Seen \\Deleted $Forwarded',
  'Work \\Seen',
]
const zones = ['+0000', '+0100', '-0800', '+0530', '+1400']

/** Both servers, each with a session that has INBOX open. Disposing ends everything. */
export class TwoServers implements AsyncDisposable {
  readonly ours: ImapSession
  #theirs: ImapSession
  readonly messages: readonly CorpusMessage[]
  readonly #site: ServerProcess
  readonly #dovecot: DovecotProcess

  private constructor(
    site: ServerProcess,
    dovecot: DovecotProcess,
    sessions: readonly [ImapSession, ImapSession],
    messages: readonly CorpusMessage[],
  ) {
    this.#site = site
    this.#dovecot = dovecot
    ;[this.ours, this.#theirs] = sessions
    this.messages = messages
  }

  /** Starts both and appends `messages` to both, with the same flags and dates. */
  static async start(messages: readonly CorpusMessage[]): Promise<TwoServers> {
    const site = await ServerProcess.start()
    // Nothing of it outlives the test: no need to wait for the disk.
    const dovecot = await DovecotProcess.start([{ address, password }], 'mail_fsync = never')
    await site.addUser(address, password)
    const login = (port: number): Promise<ImapSession> => ImapSession.login({ port }, address, password)
    const fill = async (port: number): Promise<ImapSession> => {
      const session = await login(port)
      await appendAll(session, messages)
      await session.ok('SELECT INBOX')
      return session
    }
    const sessions = await Promise.all([fill(site.ports.imap), fill(dovecot.imapPort)])
    return new TwoServers(site, dovecot, sessions, messages)
  }

  get theirs(): ImapSession {
    return this.#theirs
  }

  /** Dovecot's session has ended: another one instead. */
  async reopenTheirs(): Promise<void> {
    this.#theirs = await ImapSession.login({ port: this.#dovecot.imapPort }, address, password)
    await this.#theirs.ok('SELECT INBOX')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ours.close()
    this.theirs.close()
    await this.#site[Symbol.asyncDispose]()
    await this.#dovecot[Symbol.asyncDispose]()
  }
}

async function appendAll(session: ImapSession, messages: readonly CorpusMessage[]): Promise<void> {
  for (const [index, { bytes }] of messages.entries())
    await session.ok(`APPEND INBOX (${flagsOf(index)}) "${dateOf(index)}" `, bytes)
}

function flagsOf(index: number): string {
  return flagSets[index % flagSets.length] ?? ''
}

/** Days in the past (Dovecot takes no others), in many months, near midnight too, in many zones. */
function dateOf(index: number): string {
  const day = String(1 + (index % 28)).padStart(2, ' ')
  const month = ['Jan', 'Feb', 'Jun', 'Dec'][index % 4] ?? ''
  const time = ['00:00:00', '12:34:56', '23:59:59'][index % 3] ?? ''
  return `${day}-${month}-${2000 + (index % 26)} ${time} ${zones[index % zones.length] ?? ''}`
}
