// Message-IDs in Message-ID, References and In-Reply-To, in the one form in which RFC 5256 §3 compares them.
import { asOctets, type OctetString } from './octets.ts'

/** Longer ones are no identifiers: no line of a header may have more than 998 octets (RFC 5322 §2.1.1). */
const longestId = 500
/** Octets of one field that are looked at, most of them from its end, where the nearest ancestors stand. */
const headOctets = 4 * 1024
const tailOctets = 60 * 1024

const bracketed = /<((?:"(?:[^"\\]|\\[^])*"|[^<>"])*)>/g

/**
 * The valid identifiers of a field's value, in order, without brackets: blanks outside quotes are dropped and quotes resolved,
 * so that `<"a"@b>` is `<a@b>`; letters keep their case. What has no `@` is not one.
 */
export function messageIds(value: OctetString): OctetString[] {
  const found: OctetString[] = []
  for (const [, inner = ''] of readPart(value).matchAll(bracketed)) {
    if (inner.length > longestId || !inner.includes('@')) continue
    const id = normalised(inner)
    if (id !== '') found.push(id)
  }
  return found
}

function normalised(inner: string): OctetString {
  const text = inner.replace(/"((?:[^"\\]|\\[^])*)"|[ \t]+/g, (_, quoted: string | undefined) =>
    (quoted ?? '').replace(/\\([^])/g, '$1'),
  )
  return asOctets(text)
}

/** The beginning and the end of what is too long to be looked at as a whole; an identifier that was cut is left out. */
function readPart(value: OctetString): string {
  if (value.length <= headOctets + tailOctets) return value
  const tail = value.slice(-tailOctets)
  const begin = tail.indexOf('<')
  return value.slice(0, headOctets) + (begin < 0 ? '' : tail.slice(begin))
}
