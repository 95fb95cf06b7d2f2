// PREVIEW (RFC 8970): the beginning of what a message says, as one line.

/** RFC 8970 §3.1: a preview is no longer than this, in characters. */
export const previewCharacters = 200

/** What quotes, and who is quoted, as most mailers write it. */
const quoted = /^[ \t]*>/
const attribution = /^.{0,200}\b(?:wrote|writes|schrieb|écrit|escribió|ha scritto)[^\n]{0,40}:[ \t]*$/i
const signature = /^-- ?$/

/**
 * At most 200 characters of the text of a part, HTML already turned into text: white space is collapsed; quotations and what
 * stands behind a signature's dashes are left out, unless there is nothing else.
 */
export function previewOf(text: string): string {
  const lines = text.split(/\r?\n/)
  const end = lines.findIndex((line) => signature.test(line))
  const said = (end > 0 ? lines.slice(0, end) : lines).filter(
    (line, index, all) => !quoted.test(line) && !(attribution.test(line) && isQuotedNext(all, index)),
  )
  return shortened(said.join(' ')) || shortened(text)
}

function isQuotedNext(lines: readonly string[], index: number): boolean {
  const next = lines.slice(index + 1, index + 4).find((line) => line.trim() !== '')
  return next !== undefined && quoted.test(next)
}

function shortened(text: string): string {
  // Collapsing looks no further than a preview can reach; a run of white space longer than that ends it.
  const start = text.trimStart().slice(0, previewCharacters * 20)
  // Controls and what only steers the layout say nothing.
  const line = start.replace(/[\p{Cc}\p{Cf}\s]+/gu, (run) => (/\s/.test(run) ? ' ' : '')).trim()
  return Array.from(line.slice(0, previewCharacters * 2))
    .slice(0, previewCharacters)
    .join('')
    .trimEnd()
}
