// The base subject of RFC 5256 §2.1: a subject without what replying, forwarding and mailing lists put round it.

export interface BaseSubject {
  /** In the case it was written in. May be empty. */
  readonly text: string
  /** A `Re:`, `Fw:`, `(fwd)` or `[Fwd: ]` was taken away (RFC 5256 §3, REFERENCES, step 5). */
  readonly isReplyOrForward: boolean
}

// subj-blob = "[" *BLOBCHAR "]" *WSP
const blob = /\[[^[\]]*\] */y
// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
const replyOrForward = /(?:re|fwd?) *(?:\[[^[\]]*\] *)?:/iy
const forwardHead = '[fwd:'
const forwardTrailer = '(fwd)'

/**
 * Takes a subject whose encoded words are decoded. The places between which the subject stands only move towards each
 * other, and no run of blobs is read twice, so it is linear.
 */
export function baseSubject(subject: string): BaseSubject {
  // Step 1. A NUL is no CHAR8, and blanks stand for tabs and line ends.
  const text = subject.replace(/[\t\r\n ]+/g, ' ')
  let isReplyOrForward = false
  let start = 0
  let end = text.length
  for (;;) {
    // Step 2: subj-trailer = "(fwd)" / WSP
    for (;;) {
      if (end > start && text[end - 1] === ' ') end -= 1
      else if (isHere(text, end - forwardTrailer.length, end, forwardTrailer) && end - 5 >= start) {
        end -= forwardTrailer.length
        isReplyOrForward = true
      } else break
    }
    // Steps 3 to 5.
    for (;;) {
      while (start < end && text[start] === ' ') start += 1
      const { blobsEnd, lastBlob } = skipBlobs(text, start, end)
      const leaderEnd = matchEnd(replyOrForward, text, blobsEnd)
      if (leaderEnd !== undefined && leaderEnd <= end) {
        start = leaderEnd
        isReplyOrForward = true
        continue
      }
      // Step 4: a blob is taken away if something is left; the last one is the base when nothing else is there.
      start = blobsEnd < end ? blobsEnd : lastBlob
      break
    }
    // Step 6.
    const isForward = isHere(text, start, end, forwardHead) && text[end - 1] === ']'
    if (!isForward) return { text: text.slice(start, end), isReplyOrForward }
    isReplyOrForward = true
    start += forwardHead.length
    end -= 1
  }
}

/** Whether `word` (lower case) stands at `at`, in any case, and ends at or before `end`. */
function isHere(text: string, at: number, end: number, word: string): boolean {
  return at >= 0 && at + word.length <= end && text.slice(at, at + word.length).toLowerCase() === word
}

/** Where the blobs that begin at `start` end, and where the last of them begins (`start` when there is none). */
function skipBlobs(
  text: string,
  start: number,
  end: number,
): { readonly blobsEnd: number; readonly lastBlob: number } {
  let blobsEnd = start
  let lastBlob = start
  for (;;) {
    const next = matchEnd(blob, text, blobsEnd)
    if (next === undefined || next > end) return { blobsEnd, lastBlob }
    lastBlob = blobsEnd
    blobsEnd = next
  }
}

function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}
