// How much one command may be, before and after login.

/** Limits on one command. A stranger gets less than a person who has logged in. */
export interface WireLimits {
  /** One line, line end not counted. */
  readonly lineBytes: number
  /** One buffered literal; a streamed literal is limited by who asks for the stream. */
  readonly literalBytes: number
  /** A literal that does not wait for the server's word, whoever takes it. */
  readonly unaskedLiteralBytes: number
  /** Lines and buffered literals of one command together. */
  readonly commandBytes: number
  /** Literals in one command. */
  readonly literals: number
  /** What is read and thrown away of a refused command before the connection is given up. */
  readonly discardBytes: number
  /** Parentheses, and NOT or OR, inside each other. */
  readonly depth: number
  /** Elements of all lists of one command together, and search keys. */
  readonly elements: number
  /** Ranges in one sequence set. */
  readonly ranges: number
}

/** LOGIN, ID and AUTHENTICATE need no more: a password has at most 1,024 bytes, an ID value as many. */
export const limitsBeforeLogin: WireLimits = {
  lineBytes: 8 * 1024,
  literalBytes: 2 * 1024,
  unaskedLiteralBytes: Infinity,
  commandBytes: 16 * 1024,
  literals: 16,
  discardBytes: 64 * 1024,
  depth: 4,
  elements: 128,
  ranges: 16,
}

/** Clients send UID sets of tens of kilobytes on one line; messages come as streams and do not count. */
export const limitsAfterLogin: WireLimits = {
  lineBytes: 64 * 1024,
  literalBytes: 64 * 1024,
  unaskedLiteralBytes: Infinity,
  commandBytes: 256 * 1024,
  literals: 512,
  // A message that is too big and already under way is swallowed rather than cut off by closing.
  discardBytes: 256 * 1024 * 1024,
  depth: 200,
  elements: 4096,
  ranges: 20_000,
}

/** `discardBytes` for a peer that compresses: what it sends costs it a thousandth. */
export const compressedDiscardBytes: number = 64 * 1024 * 1024
