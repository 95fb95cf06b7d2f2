// Why mail could not be moved, in words for the person who asked: about files and other servers, never about accounts (those refuse by Refusal).

export type TransferFailureCode =
  | 'format-does-not-fit' // what was given is not of the kind it was said to be
  | 'cannot-read' // permissions, or it is not there
  | 'cannot-write'
  | 'too-large' // more than is taken at once
  | 'destination-in-use' // it holds something else already
  | 'source-refused' // another server's no: login, certificate, missing TLS
  | 'source-lost' // another server went away; the same command goes on
  | 'not-verified' // what was written is not what was read

/** Its text never holds a secret, an address line or message content. */
export class TransferFailure extends Error {
  override readonly name = 'TransferFailure'
  readonly code: TransferFailureCode
  /** What may help. */
  readonly hint: string | undefined

  constructor(
    code: TransferFailureCode,
    text: string,
    options: ErrorOptions & { readonly hint?: string } = {},
  ) {
    super(text, options)
    this.code = code
    this.hint = options.hint
  }
}

/** The code of an error of the file system, as `ENOENT`. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'error'
}
