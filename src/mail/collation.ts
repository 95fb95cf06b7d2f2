// Ordering of texts for SORT and THREAD: i;unicode-casemap (RFC 5051), which RFC 5256 §2 and RFC 5255 ask for.

/**
 * Texts with equal keys are equal to a reader: compatibility forms are decomposed (NFKD) and letters brought to one case,
 * letter by letter (small sharp s stays, since no single letter is its capital). RFC 5051 says title case, which differs
 * from upper case for ten letters that NFKD takes apart, and for Georgian, which is left as it is. Lone surrogates become
 * U+FFFD, so that a key can be stored as UTF-8.
 */
export function collationKey(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toUpperCase()
  return text
    .replace(/\p{Cs}/gu, '\ufffd')
    .normalize('NFKD')
    .replace(/[a-z]+|[^\0-\x7f]/gu, (part) => {
      const upper = part.toUpperCase()
      if (part.length > 2 || upper.length === part.length) return isGeorgian(part) ? part : upper
      return part
    })
    .normalize('NFKD')
}

function isGeorgian(letter: string): boolean {
  return letter >= '\u10d0' && letter <= '\u10ff'
}

/** Order of two keys by code point, which is the order of their UTF-8 octets: below 0, 0 or above. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const unitOfA = a.charCodeAt(index)
    const unitOfB = b.charCodeAt(index)
    if (unitOfA !== unitOfB) return rank(unitOfA) - rank(unitOfB)
  }
  return a.length - b.length
}

/** Surrogates stand for what is greater than every other unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
