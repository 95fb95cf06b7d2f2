// Cuts what an IMAP server sends into responses, with their literals beside them, however it comes in pieces.

/** One response. `text` is its lines as latin1, joined, each literal left as `{n}`; `literals` are their octets in order. */
export interface ImapResponse {
  readonly text: string
  readonly literals: readonly Buffer[]
}

export class ResponseReader {
  #line = ''
  #text = ''
  #literals: Buffer[] = []
  #parts: Buffer[] = []
  #missing = 0

  /** The responses that end in this chunk. */
  push(chunk: Buffer): ImapResponse[] {
    const responses: ImapResponse[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#missing > 0) {
        const part = chunk.subarray(at, at + this.#missing)
        this.#parts.push(part)
        this.#missing -= part.length
        at += part.length
        if (this.#missing === 0) this.#endLiteral()
        continue
      }
      const lineFeed = chunk.indexOf(10, at)
      const end = lineFeed < 0 ? chunk.length : lineFeed + 1
      this.#line += chunk.toString('latin1', at, end)
      at = end
      if (lineFeed < 0) break
      const response = this.#endLine()
      if (response) responses.push(response)
    }
    return responses
  }

  #endLine(): ImapResponse | undefined {
    const line = this.#line.replace(/\r?\n$/, '')
    this.#line = ''
    this.#text += line
    const size = /\{(\d+)\}$/.exec(line)?.[1]
    if (size !== undefined) {
      this.#missing = Number(size)
      if (this.#missing === 0) this.#endLiteral()
      return undefined
    }
    const response = { text: this.#text, literals: this.#literals }
    this.#text = ''
    this.#literals = []
    return response
  }

  #endLiteral(): void {
    this.#literals.push(Buffer.concat(this.#parts))
    this.#parts = []
  }
}
