// Speaks HTTP as an attacker may: any header, any cookie, no browser's manners unless asked for.
import { request, type IncomingHttpHeaders } from 'node:http'

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly bytes: Buffer
}

export type Fields = Readonly<Record<string, string>>

export class RawClient {
  readonly cookies = new Map<string, string>()
  readonly #port: number
  readonly #headers: Readonly<Record<string, string>>

  /** `headers` go with every request. */
  constructor(port: number, headers: Readonly<Record<string, string>> = {}) {
    this.#port = port
    this.#headers = headers
  }

  send(
    method: string,
    path: string,
    body: string | Buffer | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<RawAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          // A connection of its own: one that is kept may be closed by the server at the very moment it is used again.
          agent: false,
          method,
          path,
          headers: { ...(cookie === '' ? {} : { cookie }), ...this.#headers, ...headers },
        },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('error', reject)
          answer.on('end', () => {
            this.#keep(answer.headers['set-cookie'] ?? [])
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: Buffer.concat(chunks).toString('utf8'),
              bytes: Buffer.concat(chunks),
            })
          })
        },
      )
      asked.on('error', reject)
      asked.end(body)
    })
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
    return this.send('GET', path, undefined, headers)
  }

  post(path: string, fields: Fields, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
    const body = new URLSearchParams(fields).toString()
    return this.send('POST', path, body, { 'content-type': 'application/x-www-form-urlencoded', ...headers })
  }

  /** The token of the form that goes to `action` on a page. */
  async tokenOf(path: string, action: string = path): Promise<string> {
    const { body } = await this.get(path)
    const escaped = action.replace(/[^\w]/g, '\\$&')
    return (
      new RegExp(`action="${escaped}"[^>]*>\\s*<input type="hidden" name="token" value="([^"]+)"`).exec(
        body,
      )?.[1] ?? ''
    )
  }

  /** Sends a form with files, in the order of `parts`; a file is named. */
  async upload(
    path: string,
    parts: readonly (readonly [name: string, value: string | Buffer, fileName?: string])[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawAnswer> {
    const body = parts.map(([name, value, fileName]) =>
      Buffer.concat([
        Buffer.from(
          `--edge\r\nContent-Disposition: form-data; name="${name}"${fileName === undefined ? '' : `; filename="${fileName}"`}\r\n\r\n`,
        ),
        Buffer.from(value),
        Buffer.from('\r\n'),
      ]),
    )
    return this.send('POST', path, Buffer.concat([...body, Buffer.from('--edge--\r\n')]), {
      'content-type': 'multipart/form-data; boundary=edge',
      ...headers,
    })
  }

  /** Fills in the form of a page, as a browser does. */
  async submit(path: string, fields: Fields, action: string = path): Promise<RawAnswer> {
    return this.post(action, { token: await this.tokenOf(path, action), ...fields })
  }

  signIn(address: string, password: string): Promise<RawAnswer> {
    return this.submit('/sign-in', { address, password })
  }
}
