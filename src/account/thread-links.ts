// Steps 1 to 3 of THREAD=REFERENCES (RFC 5256 §3): who answers whom, without loops, in linear time whatever the references say.
import { utf8 } from '../base/bytes.ts'
import { sha256 } from '../crypto/digest.ts'

/** Where a message stands once dummies are pruned: under the root, under another message, or with others under a dummy. */
export type Linked =
  | { readonly kind: 'top' }
  | { readonly kind: 'message'; readonly index: number }
  | { readonly kind: 'dummy'; readonly dummy: number }

const none = -1
/** Longer identifiers are kept as digests. */
const keptLength = 64
/** Identifiers of messages that are not there, for each that is, and at least; more are passed over. */
const absentForEach = 4
const absentAtLeast = 100_000
/** Steps up the tree in search of a loop, for each identifier: real mail needs one or two. Beyond them no link is made. */
const stepsForEach = 100
const stepsAtLeast = 1_000_000

/** The identifiers of a collection as a forest. Messages are added in the order of the mailbox and numbered from 0. */
export class ReferenceLinks {
  readonly #nodes = new Map<string, number>()
  // Of each node: the one above it, the message it stands for, how many are below it, and a node in the same set: sets are
  // joined with each link and never parted, so nodes of two sets cannot be in one tree.
  readonly #parent: number[] = []
  readonly #message: number[] = []
  readonly #children: number[] = []
  readonly #set: number[] = []
  readonly #nodeOf: number[] = []
  readonly #mostNodes: number
  #steps = 0

  /** `count`: how many messages there will be at most. */
  constructor(count: number) {
    this.#mostNodes = count * absentForEach + absentAtLeast
  }

  /** Step 1 for the next message. */
  add(messageId: string | undefined, references: readonly string[]): void {
    const own = this.#own(messageId)
    let last = none
    for (const reference of references) {
      const node = this.#named(reference)
      if (node === none) continue
      if (last !== none && this.#parent[node] === none) this.#link(last, node)
      last = node
    }
    if (this.#parent[own] === last) return
    // Step 1.B: what another message said of this one's parent gives way to what it says itself.
    this.#unlink(own)
    if (last !== none) this.#link(last, own)
  }

  /** Step 3, for every message added. */
  finish(): Linked[] {
    const above = this.#nearest()
    const family = new Map<number, number>()
    const nodes = this.#nodeOf.map((node) => above(this.#parent[node] ?? none))
    for (const node of nodes) family.set(node, (family.get(node) ?? 0) + 1)
    return nodes.map((node): Linked => {
      if (node === none) return { kind: 'top' }
      const message = this.#message[node] ?? none
      if (message !== none) return { kind: 'message', index: message }
      // A dummy at the top goes when it has but one child.
      return family.get(node) === 1 ? { kind: 'top' } : { kind: 'dummy', dummy: node }
    })
  }

  /** From a node upwards: the first message, else the topmost dummy. Every node is passed once. */
  #nearest(): (from: number) => number {
    const known = new Map<number, number>()
    return (from) => {
      const passed: number[] = []
      let node = from
      let found = none
      while (node !== none) {
        found = known.get(node) ?? node
        if (found !== node || this.#message[node] !== none) break
        passed.push(node)
        node = this.#parent[node] ?? none
      }
      for (const dummy of passed) known.set(dummy, found)
      return found
    }
  }

  /** Of several messages with one identifier it belongs to the first. */
  #own(messageId: string | undefined): number {
    let node = messageId === undefined ? none : (this.#nodes.get(keyOf(messageId)) ?? none)
    if (node === none) {
      node = this.#make()
      if (messageId !== undefined) this.#nodes.set(keyOf(messageId), node)
    } else if (this.#message[node] !== none) node = this.#make()
    this.#message[node] = this.#nodeOf.push(node) - 1
    return node
  }

  #named(id: string): number {
    const key = keyOf(id)
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    if (this.#nodes.size >= this.#mostNodes) return none
    const node = this.#make()
    this.#nodes.set(key, node)
    return node
  }

  #make(): number {
    this.#message.push(none)
    this.#children.push(0)
    this.#parent.push(none)
    return this.#set.push(this.#set.length) - 1
  }

  #link(parent: number, child: number): void {
    if (this.#isAbove(child, parent)) return
    this.#parent[child] = parent
    this.#children[parent] = (this.#children[parent] ?? 0) + 1
    this.#set[this.#setOf(child)] = this.#setOf(parent)
  }

  #unlink(child: number): void {
    const parent = this.#parent[child] ?? none
    if (parent === none) return
    this.#parent[child] = none
    this.#children[parent] = (this.#children[parent] ?? 1) - 1
  }

  /** Whether `upper` is `node` or an ancestor of it. */
  #isAbove(upper: number, node: number): boolean {
    if (upper === node) return true
    if (this.#children[upper] === 0 || this.#setOf(upper) !== this.#setOf(node)) return false
    const most = stepsAtLeast + stepsForEach * this.#parent.length
    for (let at = node; at !== none; at = this.#parent[at] ?? none) {
      this.#steps += 1
      if (at === upper || this.#steps > most) return true
    }
    return false
  }

  #setOf(node: number): number {
    let at = node
    for (let next = this.#set[at] ?? at; next !== at; next = this.#set[at] ?? at) {
      // Halves the way for who comes next.
      this.#set[at] = this.#set[next] ?? next
      at = next
    }
    return at
  }
}

function keyOf(id: string): string {
  return id.length > keptLength ? sha256(utf8(id)).toString('latin1') : id
}
