// Takes the dots out of DATA (RFC 5321 §4.5.2) and finds its end, however the octets are cut into chunks.

const CR = 13
const LF = 10
const DOT = 46
const lineThenDot = Buffer.from('\r\n.')

/** What stands before the next octet. `line`: the beginning of a line. `dot`, `dot-cr`: octets held back. */
type State = 'line' | 'text' | 'cr' | 'dot' | 'dot-cr'

/** What one chunk brought: content to keep, and behind the end what belongs to the next command. */
export interface DotRead {
  readonly content: Buffer
  /** Undefined as long as the end has not come. */
  readonly rest: Buffer | undefined
}

/**
 * Reads one message. Only CRLF ends a line and only CRLF "." CRLF ends the message: a peer before us that sees other line
 * ends cannot be led to smuggle a second message. A dot that begins a line with more on it is removed.
 */
export class DotReader {
  #state: State = 'line'

  /** Must not be called again after `rest` was given. `content` may be a view on the chunk. */
  read(chunk: Buffer): DotRead {
    const pieces: Buffer[] = []
    let from = 0 // octets from here to `at` are content not yet taken
    let at = 0
    while (at < chunk.length) {
      const byte = chunk[at]
      switch (this.#state) {
        case 'text': {
          const found = chunk.indexOf(lineThenDot, at)
          if (found < 0) {
            this.#state = stateBehind(chunk, at)
            at = chunk.length
            continue
          }
          at = found + 2
          this.#state = 'line'
          continue
        }
        case 'line':
          if (byte !== DOT) break
          pieces.push(chunk.subarray(from, at))
          from = at + 1
          this.#state = 'dot'
          at += 1
          continue
        case 'dot':
          if (byte !== CR) break
          from = at + 1
          this.#state = 'dot-cr'
          at += 1
          continue
        case 'dot-cr':
          if (byte === LF) return { content: join(pieces), rest: chunk.subarray(at + 1) }
          // The held CR is content after all: the dot began a line that goes on.
          pieces.push(Buffer.of(CR))
          from = at
          this.#state = 'cr'
          continue
        case 'cr':
          if (byte !== LF) break
          this.#state = 'line'
          at += 1
          continue
      }
      this.#state = byte === CR ? 'cr' : 'text'
      at += 1
    }
    pieces.push(chunk.subarray(from))
    return { content: join(pieces), rest: undefined }
  }
}

/** The state after octets that hold no line with a dot, `from` being within a line. */
function stateBehind(chunk: Buffer, from: number): State {
  const last = chunk[chunk.length - 1]
  if (last === CR) return 'cr'
  return last === LF && chunk.length - from >= 2 && chunk[chunk.length - 2] === CR ? 'line' : 'text'
}

/** One buffer for all: a message made of dots must not become a million small ones. */
function join(pieces: readonly Buffer[]): Buffer {
  const filled = pieces.filter((piece) => piece.length > 0)
  return filled.length === 1 && filled[0] ? filled[0] : Buffer.concat(filled)
}
