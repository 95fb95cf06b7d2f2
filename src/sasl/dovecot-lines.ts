// Lines of Dovecot's authentication protocol, version 1: fields between tabs, base64 of the client's answers among them.

/** The most bytes of one line: an answer of SASL takes 4,096. */
export const authLineBytes = 8192

const tab = 0x09
const escape = 0x01
const escaped: Readonly<Record<string, string>> = { '0': '\0', '1': '\x01', t: '\t', r: '\r', n: '\n' }

/** Fields of a line, as views on it: some are secret. */
export function fieldsOf(line: Buffer): Buffer[] {
  const fields: Buffer[] = []
  for (let from = 0; ;) {
    const end = line.indexOf(tab, from)
    if (end < 0) return [...fields, line.subarray(from)]
    fields.push(line.subarray(from, end))
    from = end + 1
  }
}

/** A field that is no secret, as text. */
export function textOf(field: Uint8Array): string {
  return Buffer.from(field)
    .toString('utf8')
    .split(String.fromCharCode(escape))
    .map((part, index) => (index === 0 ? part : (escaped[part.charAt(0)] ?? '') + part.slice(1)))
    .join('')
}

/** The reverse. */
export function escapedText(text: string): string {
  const marks = Object.entries(escaped)
  return Array.from(text)
    .map((character) => {
      const mark = marks.find(([, value]) => value === character)?.[0]
      return mark === undefined ? character : String.fromCharCode(escape) + mark
    })
    .join('')
}

/** What comes with AUTH. */
export interface AuthRequest {
  readonly id: string
  readonly mechanism: string
  /** Words and `name=value` of it that are no secret. */
  readonly parameters: ReadonlyMap<string, string>
  /** The initial response, base64, or undefined; a view on the line. */
  readonly response: Buffer | undefined
}

const responseStart = Buffer.from('resp=')

/** Fields behind `AUTH`. Undefined when they are no request. */
export function readAuthRequest(fields: readonly Buffer[]): AuthRequest | undefined {
  const [id, mechanism, ...rest] = fields
  if (!id || !mechanism || !isRequestId(id)) return undefined
  const parameters = new Map<string, string>()
  let response: Buffer | undefined
  for (const field of rest) {
    if (field.subarray(0, responseStart.length).equals(responseStart)) {
      response = field.subarray(responseStart.length)
      continue
    }
    const text = textOf(field)
    const at = text.indexOf('=')
    parameters.set(at < 0 ? text : text.slice(0, at), at < 0 ? '' : text.slice(at + 1))
  }
  return { id: id.toString('latin1'), mechanism: textOf(mechanism), parameters, response }
}

/** A request's number, of 32 bits. */
export function isRequestId(id: Buffer): boolean {
  return id.length <= 10 && /^\d+$/.test(id.toString('latin1'))
}
