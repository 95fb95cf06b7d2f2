// The two ways in which a command's text can be wrong: its grammar, or its charset.

/** The command is not what the grammar allows: answer BAD. The text never repeats what the peer sent. */
export class BadSyntax extends Error {
  override readonly name = 'BadSyntax'
  /** Where, in bytes from the beginning of the command. */
  readonly offset: number

  constructor(text: string, offset: number) {
    super(text)
    this.offset = offset
  }
}

/** SEARCH named a charset that is not known: answer NO [BADCHARSET (...)] (RFC 3501 §6.4.4). */
export class BadCharset extends Error {
  override readonly name = 'BadCharset'
  /** What to list in the response code. */
  readonly supported: readonly string[] = ['US-ASCII', 'UTF-8']

  constructor() {
    super('charset is not supported')
  }
}
