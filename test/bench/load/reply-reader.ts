// Splits what an LMTP server sends into replies; a reply may have several lines (RFC 5321 section 4.2.1).

/** Collects bytes as they come and gives each complete reply once. */
export class ReplyReader {
  #rest = ''

  /** Takes the next text; gives the last lines of the replies that it completes, such as `250 2.0.0 OK`. */
  push(text: string): string[] {
    const lines = (this.#rest + text).split('\r\n')
    this.#rest = lines.pop() ?? ''
    return lines.filter((line) => line.charAt(3) !== '-')
  }
}
