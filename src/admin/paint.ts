// Colours for terminals, and none for anything else.

/** Each makes `text` look so, or leaves it alone where colours are not wanted. */
export interface Paint {
  readonly isOn: boolean
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

/** Colours on a stream: only on a terminal, never with NO_COLOR (https://no-color.org) or TERM=dumb. */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv,
  isWanted = true,
): Paint {
  const isOn = isWanted && stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  const code = (from: number, to: number) => (text: string) =>
    isOn ? `\x1b[${from}m${text}\x1b[${to}m` : text
  return {
    isOn,
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    yellow: code(33, 39),
    cyan: code(36, 39),
  }
}
