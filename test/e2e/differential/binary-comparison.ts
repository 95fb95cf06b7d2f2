// One message's parts without their transfer encodings (BINARY, RFC 3516), from two servers.
import { ConnectionLost, type ImapAnswer, type ImapSession } from '../../support/imap-session.ts'
import { fetchResponses } from '../../support/wire-value.ts'
import { fetchItems, type Difference } from './fetch-comparison.ts'
import { partNumbers } from './structure.ts'

/** Sessions with the same messages selected. */
export interface Peers {
  readonly ours: ImapSession
  readonly theirs: ImapSession
  /** Another session instead of `theirs`, which was lost. */
  reopenTheirs(): Promise<void>
}

/** Parts of message `number` with no parts inside and with the same octets on both sides: of others RFC 3516 says nothing. */
async function comparableParts({ ours, theirs }: Peers, number: number): Promise<string[]> {
  const structure = (await fetchItems(ours, number, 'BODYSTRUCTURE')).get('BODYSTRUCTURE') ?? null
  const all = partNumbers(structure)
  const parts = all.filter((part) => !all.some((other) => other.startsWith(`${part}.`))).slice(0, 50)
  const items = parts.map((part) => `BODY.PEEK[${part}]`).join(' ')
  const [one, other] = await Promise.all([ours, theirs].map((peer) => fetchItems(peer, number, items)))
  return parts.filter((part) => one?.get(`BODY[${part}]`) === other?.get(`BODY[${part}]`))
}

function outcomeOf(answer: ImapAnswer | undefined): string {
  if (!answer) return 'connection lost'
  return /^(?:OK|(?:NO|BAD)(?: \[[^\]]*\])?)/.exec(answer.status)?.[0] ?? answer.status
}

function itemsOf(answer: ImapAnswer | undefined, number: number): Map<string, string> {
  const found = fetchResponses(answer?.untagged ?? []).find(({ sequenceNumber }) => sequenceNumber === number)
  return new Map([...(found?.items ?? [])].map(([item, value]) => [item, JSON.stringify(value)]))
}

/** Whole, a piece, and the size of each part: where they differ, or whether one server refuses what the other gives. */
export async function compareBinary(peers: Peers, number: number, name: string): Promise<Difference[]> {
  const differences: Difference[] = []
  const note = (item: string, ours: string, theirs: string): void => {
    if (ours !== theirs) differences.push({ of: name, item, ours, theirs })
  }
  const parts = await comparableParts(peers, number).catch(async (error: unknown) => {
    // What came before it may end their process after its answer.
    if (!(error instanceof ConnectionLost)) throw error
    await peers.reopenTheirs()
    return comparableParts(peers, number)
  })
  for (const part of parts) {
    const command = `FETCH ${number} (BINARY.SIZE[${part}] BINARY.PEEK[${part}] BINARY.PEEK[${part}]<3.20>)`
    const [ours, theirs] = await Promise.all([
      peers.ours.run(command),
      peers.theirs.run(command).catch((error: unknown) => {
        if (error instanceof ConnectionLost) return undefined
        throw error
      }),
    ])
    if (!theirs) await peers.reopenTheirs()
    note(`BINARY[${part}]`, outcomeOf(ours), outcomeOf(theirs))
    if (outcomeOf(ours) !== 'OK' || outcomeOf(theirs) !== 'OK') continue
    const [one, other] = [itemsOf(ours, number), itemsOf(theirs, number)]
    for (const item of new Set([...one.keys(), ...other.keys()]))
      note(item, one.get(item) ?? 'absent', other.get(item) ?? 'absent')
  }
  return differences
}
