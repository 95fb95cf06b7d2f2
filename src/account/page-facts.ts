// What a page of search text knows of its messages besides their text.
import { MalformedRecord } from '../base/bytes.ts'
import type { SelectedMailbox, Uid } from './api.ts'
import type { TextPage } from './text-codec.ts'
import { decodeTextFacts, type TextFacts } from './text-entry.ts'

export interface PageFacts {
  /** Of the message in the page. */
  readonly index: number
  readonly facts: TextFacts
}

/** Of all messages of a page that have facts in it; of none when they cannot be read. */
export async function pageFacts(page: TextPage): Promise<PageFacts[]> {
  try {
    const [bytes] = await page.inflate('facts')
    if (!bytes) return []
    return page.uids.flatMap((_, index) => {
      if (page.isCut('facts', index)) return []
      const own = bytes.subarray(page.start('facts', index), page.end('facts', index))
      return [{ index, facts: decodeTextFacts(own) }]
    })
  } catch (error) {
    if (error instanceof MalformedRecord) return []
    throw error
  }
}

/** Previews (RFC 8970) of those of `uids` (ascending) that are kept ready; of others `MessageParts.preview` makes one. */
export async function readyPreviews(
  mailbox: SelectedMailbox,
  uids: readonly Uid[],
): Promise<ReadonlyMap<number, string>> {
  const wanted = new Set<number>(uids)
  const previews = new Map<number, string>()
  for await (const page of mailbox.textPages?.(uids) ?? []) {
    for (const { index, facts } of await pageFacts(page)) {
      const uid = (page.uids[index] ?? 0) as Uid
      const state = wanted.has(uid) ? mailbox.state(uid) : undefined
      if (state && page.isOf(index, state)) previews.set(uid, facts.preview)
    }
  }
  return previews
}
