// A small strict reader of IMAP responses, written apart from the code under test: lists, strings, NIL, numbers.

export type Wire = string | number | null | readonly Wire[]

/** Reads one value and nothing behind it. Throws on anything that RFC 3501 §9 does not allow. Strings are latin1. */
export function readWire(bytes: Buffer): Wire {
  const text = bytes.toString('latin1')
  let at = 0
  const fail = (why: string): never => {
    throw new Error(`${why} at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`)
  }
  const quoted = (): string => {
    let value = ''
    for (at += 1; text[at] !== '"'; at++) {
      if (at >= text.length) fail('unclosed string')
      if (text[at] === '\\') {
        at += 1
        if (text[at] !== '"' && text[at] !== '\\') fail('bad escape')
      } else if (!/[\u0001-\u0009\u000b\u000c\u000e-\u007f]/.test(text.charAt(at)))
        fail('octet not allowed in quotes')
      value += text.charAt(at)
    }
    at += 1
    return value
  }
  const literal = (): string => {
    const head = /^\{(\d+)\}\r\n/.exec(text.slice(at, at + 20))
    if (!head) return fail('bad literal')
    const from = at + head[0].length
    const value = text.slice(from, from + Number(head[1]))
    if (value.length !== Number(head[1]) || value.includes('\0')) fail('literal too short or with NUL')
    at = from + value.length
    return value
  }
  const value = (): Wire => {
    if (text[at] === '"') return quoted()
    if (text[at] === '{') return literal()
    if (text[at] === '(') return list()
    const atom = /^(?:NIL|\d+)(?=[ )]|$)/.exec(text.slice(at, at + 20))?.[0] ?? fail('neither NIL nor number')
    at += atom.length
    return atom === 'NIL' ? null : Number(atom)
  }
  const list = (): Wire[] => {
    const items: Wire[] = []
    at += 1
    while (text[at] !== ')') {
      items.push(value())
      // Between the bodies of a multipart and between addresses there is no space.
      const isBetweenLists = text[at] === '(' && Array.isArray(items.at(-1))
      if (text[at] === ' ') at += 1
      else if (text[at] !== ')' && !isBetweenLists) fail('no space between items')
    }
    at += 1
    return items
  }
  const result = value()
  if (at !== text.length) fail('octets behind the value')
  return result
}
