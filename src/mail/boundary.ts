// The boundaries of the multiparts that are open, and which of them a line begins with.

const CR = 13
const LF = 10

interface Step {
  readonly next: Map<number, Step>
  /** Depths of the open multiparts whose boundary ends here, innermost last. */
  readonly depths: number[]
}

/** What a line that begins with "--" and an open boundary says. */
export interface Delimiter {
  /** The depth under which the boundary was opened. */
  readonly depth: number
  /** The boundary is followed by "--": no part comes after it. */
  readonly isClosing: boolean
}

function step(): Step {
  return { next: new Map(), depths: [] }
}

/**
 * Boundaries are kept as a tree of octets: a line costs no more than its own length, however many multiparts are open.
 * RFC 2046 §5.1.1: a line is a delimiter when it begins with the boundary; the whole line need not match. The longest
 * boundary wins, and of equal ones the innermost.
 */
export class OpenBoundaries {
  readonly #root: Step = step()
  readonly #open: { readonly depth: number; readonly boundary: string }[] = []

  get isEmpty(): boolean {
    return this.#open.length === 0
  }

  /** Depths must be opened in rising order. */
  open(depth: number, boundary: string): void {
    let at = this.#root
    for (let i = 0; i < boundary.length; i++) {
      const octet = boundary.charCodeAt(i)
      const next = at.next.get(octet) ?? step()
      at.next.set(octet, next)
      at = next
    }
    at.depths.push(depth)
    this.#open.push({ depth, boundary })
  }

  /** Forgets the boundaries opened at this depth and below it. */
  close(depth: number): void {
    for (let last = this.#open.at(-1); last && last.depth >= depth; last = this.#open.at(-1)) {
      this.#remove(last.boundary)
      this.#open.pop()
    }
  }

  // Steps that no open boundary needs go away, so that memory is bounded by what is open.
  #remove(boundary: string): void {
    const path = [this.#root]
    for (let i = 0; i < boundary.length; i++) {
      const next = path.at(-1)?.next.get(boundary.charCodeAt(i))
      if (!next) return
      path.push(next)
    }
    path.at(-1)?.depths.pop()
    for (let i = boundary.length; i > 0; i--) {
      const here = path[i]
      if (!here || here.depths.length > 0 || here.next.size > 0) return
      path[i - 1]?.next.delete(boundary.charCodeAt(i - 1))
    }
  }

  /** The delimiter whose "--" begins at `at`, if the line there is one. */
  match(bytes: Uint8Array, at: number): Delimiter | undefined {
    let here: Step | undefined = this.#root
    let depth: number | undefined
    let behind = 0
    for (let i = at + 2; ; i++) {
      const innermost: number | undefined = here.depths.at(-1)
      if (innermost !== undefined) {
        depth = innermost
        behind = i
      }
      const octet = bytes[i]
      if (octet === undefined || octet === LF || octet === CR) break
      here = here.next.get(octet)
      if (!here) break
    }
    if (depth === undefined) return undefined
    return { depth, isClosing: bytes[behind] === 45 && bytes[behind + 1] === 45 }
  }
}
