// A form with files (multipart/form-data, RFC 7578), small enough to be read at once: parts as bytes, like other fields.
import { secretCopy } from '../base/secret.ts'
import { Form } from './form.ts'

const maxParts = 32
export const headBytes = 4096
const blankLine = Buffer.from('\r\n\r\n')

/** The boundary of a Content-Type (RFC 2046 §5.1.1); undefined when it is another type, or none is named. */
export function boundaryOf(contentType: string): string | undefined {
  const found = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))/i.exec(contentType)
  return found?.[1] ?? found?.[2]
}

/** The name of a field in the head of its part. */
export function nameOf(head: string): string | undefined {
  const line = head.split('\r\n').find((one) => /^content-disposition:\s*form-data\b/i.test(one))
  return line === undefined ? undefined : /;\s*name="([^"]{1,100})"/i.exec(line)?.[1]
}

/** `body` stays the caller's, who wipes it. Undefined for what is not such a form, or not whole. */
export function parseMultipart(body: Buffer, boundary: string): Form | undefined {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  const fields = new Map<string, Buffer>()
  const give = (isWhole: boolean): Form | undefined => {
    const form = new Form(fields)
    if (isWhole) return form
    form.wipe()
    return undefined
  }
  // The first delimiter has no line end before it.
  if (!body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) return give(false)
  let at = delimiter.length - 2
  for (let count = 0; count < maxParts; count++) {
    const after = body.toString('latin1', at, at + 2)
    if (after === '--') return give(true)
    const headEnd = body.indexOf(blankLine, at)
    if (after !== '\r\n' || headEnd < 0 || headEnd - at > headBytes) return give(false)
    const start = headEnd + blankLine.length
    const end = body.indexOf(delimiter, start)
    if (end < 0) return give(false)
    const name = nameOf(body.toString('latin1', at + 2, headEnd))
    if (name === undefined) return give(false)
    if (!fields.has(name)) fields.set(name, secretCopy(body.subarray(start, end)))
    at = end + delimiter.length
  }
  return give(false)
}
