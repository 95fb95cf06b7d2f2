// Numbers and lists as people read them: sizes, durations, tables.

/** Takes control characters out of text that came from elsewhere, so that it cannot drive the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}')
}

/** As `printable`, for text of several lines: line ends and tabs stay. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t\r]|[\p{Cf}\u2028\u2029]/gu, '\u{fffd}').replace(/\r(?!\n)/g, '')
}

const asciiFor: Readonly<Record<string, string>> = {
  ...{ '\u2018': "'", '\u2019': "'", '\u201c': '"', '\u201d': '"', '\u2013': '-', '\u2014': '-' },
  ...{ '\u2026': '...', '\u2022': '*', '\u00b7': '*', '\u00d7': 'x', '\u2588': '#', '\u2591': '-' },
}

/** For terminals that do not show UTF-8: our own quotes, dashes and bars as ASCII. Names and addresses stay what they are. */
export function inAscii(text: string): string {
  return text.replace(
    /[\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u2022\u00b7\u00d7\u2588\u2591]/g,
    (sign) => asciiFor[sign] ?? sign,
  )
}

/** `1.5 GiB`, `12 KiB`, `0 B`. */
export function sizeInWords(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1024)
      return `${unit === 'B' || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${unit}`
    value /= 1024
  }
  return `${Number(value.toFixed(1))} TiB`
}

/** `3 d 4 h`, `5 min`, `12 s`: two units at most. */
export function durationInWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const from = parts.findIndex(([count]) => count > 0)
  if (from < 0) return '0 s'
  return parts
    .slice(from, from + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** Of a list without bounds that an answer holds. */
export const namesAtMost = 1000
const namesShown = 20

/** `a, b and 98 more`: as many as people read. */
export function someNames(names: readonly string[], count: number): string {
  const shown = names.slice(0, namesShown).join(', ')
  return count > namesShown ? `${shown} and ${count - namesShown} more` : shown
}

/** `1 message`, `2 messages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** Lines of a table, columns two spaces apart, the last one not padded. The head is the first line. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  return [head, ...rows].map((row) =>
    row
      .map(printable)
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** Lines of `name  value`, names padded to one width. */
export function pairLines(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

/** `text` in lines of at most `columns`, broken at spaces; line ends in it are kept. */
export function wrapLines(text: string, columns: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > columns) {
        lines.push(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    return [...lines, line]
  })
}
