// One message's parts for FETCH and SEARCH: those kept ready as they are, the others made from the body when asked for.
import { breathe } from '../base/async.ts'
import { asBuffer } from '../base/bytes.ts'
import { chunkBytes } from '../base/limits.ts'
import type { PartNode } from '../mail/part.ts'
import { prepareMessage, type PreparedMessage } from '../mail/prepare.ts'
import { previewOf } from '../mail/preview.ts'
import { partText, searchText, searchTextInTurns, type SearchText } from '../mail/text.ts'
import { decodeTree } from '../mail/tree-codec.ts'
import type { MessageContent, SelectedMailbox, Uid } from './api.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** Parts made from the body; the body itself is not kept. */
type MadeParts = Pick<PreparedMessage, 'envelope' | 'body' | 'bodyStructure'> & { readonly tree: PartNode }

/** All methods throw Refusal 'damaged' when the body does not authenticate. */
export class MessageParts {
  readonly content: MessageContent
  readonly #budget: MemoryBudget
  #made: MadeParts | undefined
  #tree: PartNode | undefined
  /** A message of one chunk is read once, however many sections are asked for. */
  #whole: Buffer | undefined

  constructor(content: MessageContent, budget: MemoryBudget) {
    this.content = content
    this.#budget = budget
  }

  async envelope(): Promise<Buffer> {
    return this.content.envelope ?? (await this.#parts()).envelope
  }

  async body(): Promise<Buffer> {
    return this.content.body ?? (await this.#parts()).body
  }

  async bodyStructure(): Promise<Buffer> {
    return this.content.bodyStructure ?? (await this.#parts()).bodyStructure
  }

  async tree(): Promise<PartNode> {
    if (this.content.tree) return (this.#tree ??= decodeTree(this.content.tree))
    return (await this.#parts()).tree
  }

  /** The message's header block, blank line included. */
  async header(): Promise<Buffer> {
    if (this.content.header) return this.content.header
    const { bodyStart } = await this.tree()
    return this.bytes(0, bodyStart)
  }

  /** Octets [start, end) as they are opened. */
  read(start: number, end: number): AsyncIterable<Buffer> {
    return this.content.read(start, end)
  }

  /** Octets [start, end), all at once. */
  async bytes(start: number, end: number): Promise<Buffer> {
    if (this.content.sizeBytes > chunkBytes) return this.#gather(start, end)
    this.#whole ??= await this.#gather(0, this.content.sizeBytes)
    return this.#whole.subarray(start, end)
  }

  /** Decoded and folded text of header and text parts; attachments are not opened. */
  async searchText(): Promise<SearchText> {
    const tree = await this.tree()
    const { sizeBytes } = this.content
    const release = await this.#budget.reserve(sizeBytes)
    try {
      if (sizeBytes <= chunkBytes) return searchText(await this.bytes(0, sizeBytes), tree)
      // What is not text stays zero: it is not looked at, and opening it would cost most of the time.
      const message = Buffer.alloc(sizeBytes)
      for (const [start, end] of textRanges(tree)) (await this.#gather(start, end)).copy(message, start)
      return await searchTextInTurns(message, tree, breathe)
    } finally {
      release()
    }
  }

  /** What PREVIEW tells (RFC 8970): of the first text part that says something; empty when there is none. */
  async preview(): Promise<string> {
    for (const part of textParts(await this.tree()).slice(0, previewParts)) {
      const end = Math.min(part.bodyEnd, part.bodyStart + previewBytes)
      const bytes = await this.bytes(part.bodyStart, end)
      const preview = previewOf(partText(bytes, { ...part, bodyStart: 0, bodyEnd: bytes.length }))
      if (preview !== '') return preview
    }
    return ''
  }

  async #parts(): Promise<MadeParts> {
    if (this.#made) return this.#made
    const { sizeBytes } = this.content
    const release = await this.#budget.reserve(sizeBytes)
    try {
      const { envelope, body, bodyStructure, tree } = prepareMessage(await this.bytes(0, sizeBytes))
      this.#made = { envelope, body, bodyStructure, tree: decodeTree(tree) }
      return this.#made
    } finally {
      release()
    }
  }

  async #gather(start: number, end: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.content.read(start, end)) pieces.push(asBuffer(piece))
    const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
    if (bytes.length !== end - start) throw new Refusal('damaged', 'The message is damaged')
    return bytes
  }
}

/** Of a message, the parts in which a preview is looked for, and the octets of each. */
const previewParts = 3
const previewBytes = 32 * 1024

/** In order, those of embedded messages left out. */
function textParts(root: PartNode): PartNode[] {
  if (root.type === 'text') return [root]
  return root.type === 'multipart' ? root.children.flatMap(textParts) : []
}

/** Headers and text bodies of all parts, those close to each other together. */
function textRanges(root: PartNode): [start: number, end: number][] {
  const ranges: [number, number][] = []
  const add = (start: number, end: number): void => {
    const last = ranges.at(-1)
    if (last && start - last[1] < chunkBytes) last[1] = Math.max(last[1], end)
    else ranges.push([start, end])
  }
  const visit = (part: PartNode): void => {
    add(part.headerStart, part.bodyStart)
    if (part.type === 'text') add(part.bodyStart, part.bodyEnd)
    for (const child of part.children) visit(child)
  }
  visit(root)
  return ranges
}

/** A message's content, or that it is damaged. Messages that no longer exist are passed over. */
export type Opened =
  { readonly uid: Uid; readonly content: MessageContent } | { readonly uid: Uid; readonly damage: Refusal }

/** Messages opened one by one where some are damaged: as many as `contents` opens together. */
const oneByOne = 256

/** As `contents`, but one damaged record does not hide the others: where there is one they are opened one by one. */
export async function* openContents(
  mailbox: Pick<SelectedMailbox, 'contents' | 'content'>,
  uids: readonly Uid[],
): AsyncGenerator<Opened> {
  let done = 0
  while (done < uids.length) {
    try {
      for await (const content of mailbox.contents(uids.slice(done))) {
        while (done < uids.length && (uids[done] ?? Infinity) <= content.uid) done += 1
        yield { uid: content.uid, content }
      }
      return
    } catch (error) {
      if (!isRefusal(error, 'damaged')) throw error
    }
    const end = Math.min(done + oneByOne, uids.length)
    for (let uid = uids[done]; uid !== undefined && done < end; uid = uids[done]) {
      done += 1
      try {
        const content = await mailbox.content(uid)
        if (content) yield { uid, content }
      } catch (error) {
        if (!isRefusal(error, 'damaged')) throw error
        yield { uid, damage: error }
      }
    }
  }
}
