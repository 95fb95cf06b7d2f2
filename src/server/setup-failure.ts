// Something about this machine or its files keeps the server from starting: said in words, with what to do about it.
import { exitCodes } from '../admin/exit-code.ts'
import { Failure } from '../admin/failure.ts'

/** Exit code 78: starting again will not help, and a service manager should not try. */
export function setupFailure(
  text: string,
  options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): Failure {
  return new Failure('configuration', exitCodes.configuration, text, options)
}

/** `ENOENT`, or `error` for what has no code. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'error'
}
