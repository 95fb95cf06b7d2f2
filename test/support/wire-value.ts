// Reads what an IMAP server has sent into values: lists, strings, NIL, and the named items of FETCH.
import type { ImapResponse } from './response-reader.ts'

/** NIL is null; atoms, numbers and strings are text, strings as latin1. */
export type WireValue = string | null | readonly WireValue[]

/** One FETCH response. Names are in upper case, with their section and origin: `BODY[1.MIME]<0>`. */
export interface FetchResponse {
  readonly sequenceNumber: number
  readonly items: ReadonlyMap<string, WireValue>
}

/** The FETCH responses among these, in the order they came. */
export function fetchResponses(responses: readonly ImapResponse[]): FetchResponse[] {
  return responses.flatMap((response) => {
    const head = /^\* (\d+) FETCH /.exec(response.text)
    if (!head) return []
    return [{ sequenceNumber: Number(head[1]), items: new Reader(response, head[0].length).items() }]
  })
}

/** What stands behind `head` in a response, as values; for `* SORT 1 2 3` or `* LIST (...) "/" name`. */
export function valuesBehind(response: ImapResponse, head: string): WireValue[] {
  return new Reader(response, head.length).values()
}

class Reader {
  readonly #text: string
  readonly #literals: readonly Buffer[]
  #at: number
  #literal = 0

  constructor({ text, literals }: ImapResponse, at: number) {
    this.#text = text
    this.#literals = literals
    this.#at = at
  }

  items(): Map<string, WireValue> {
    const items = new Map<string, WireValue>()
    this.#expect('(')
    while (this.#peek() !== ')') {
      const name = this.#match(/[^ [()]+(?:\[[^\]]*\])?(?:<\d+>)?/y)
      this.#expect(' ')
      items.set(name.toUpperCase(), this.#value())
      this.#skipSpaces()
    }
    this.#at += 1
    if (this.#at !== this.#text.length) this.#fail()
    return items
  }

  values(): WireValue[] {
    const values: WireValue[] = []
    this.#skipSpaces()
    while (this.#at < this.#text.length) {
      values.push(this.#value())
      this.#skipSpaces()
    }
    return values
  }

  #value(): WireValue {
    const next = this.#peek()
    if (next === '(') {
      const list: WireValue[] = []
      this.#at += 1
      this.#skipSpaces()
      while (this.#peek() !== ')') {
        list.push(this.#value())
        this.#skipSpaces()
      }
      this.#at += 1
      return list
    }
    if (next === '"')
      return this.#match(/"(?:[^"\\]|\\.)*"/sy)
        .slice(1, -1)
        .replace(/\\(.)/gs, '$1')
    if (next === '{' || next === '~') {
      this.#match(/~?\{\d+\}/y)
      return (this.#literals[this.#literal++] ?? this.#fail()).toString('latin1')
    }
    const atom = this.#match(/[^ ()"{]+/y)
    return atom.toUpperCase() === 'NIL' ? null : atom
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? this.#fail()
    this.#at += found.length
    return found
  }

  #expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) this.#fail()
    this.#at += text.length
  }

  #skipSpaces(): void {
    while (this.#peek() === ' ') this.#at += 1
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #fail(): never {
    throw new Error(`no value at ${this.#at}: ${JSON.stringify(this.#text.slice(this.#at, this.#at + 60))}`)
  }
}
