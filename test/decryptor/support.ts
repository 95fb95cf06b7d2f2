// Runs the stand-alone decryptor as a child process, and takes sealed exports apart and puts them together again.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestSite } from '../account/support.ts'

export const decryptorPath: string = join(process.cwd(), 'test', 'decryptor', 'decrypt.mjs')

/** The cheapest cost of a password slot that FORMAT.md §6 lets anybody accept. */
export const leastKdf = { memoryKiB: 19_456, passes: 1, parallelism: 1 }

export interface WrittenMessage {
  readonly uid: number
  readonly file: string
  readonly size: number
  readonly flags: readonly string[]
  readonly internalDate: string
  readonly zone: number
  readonly saved: string
  readonly modSeq: number
}

export interface WrittenMailbox {
  readonly name: string
  readonly directory: string
  readonly specialUse: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly recentFrom: number
  readonly messages: readonly WrittenMessage[]
}

/** What the decryptor's index.json says. */
export interface Index {
  readonly account: string
  readonly version: number
  readonly mailboxes: readonly WrittenMailbox[]
  readonly subscriptions: readonly string[]
  readonly annotations: readonly {
    readonly mailbox: string
    readonly entry: string
    readonly value: string
  }[]
  readonly arrivals: readonly {
    readonly version: number
    readonly file: string
    readonly size: number
    readonly detail: string
    readonly isSiteVerified: boolean
  }[]
  readonly complaints: readonly string[]
}

export interface Secrets {
  /** Given as a file with a line end behind it. */
  readonly code?: string
  readonly password?: string | Buffer
  readonly siteKey?: Buffer
  readonly appPassword?: string
  /** The site's record of its recovery key, or a site file of a backup; opened by `adminPasswords`. */
  readonly recoveryKey?: Buffer
  readonly adminPasswords?: readonly string[]
  /** Given on the standard input. */
  readonly typed?: string
  readonly isSalvage?: boolean
}

export interface Run {
  readonly exitCode: number
  readonly output: string
  readonly refusal: string
  readonly outDir: string
  index(): Index
  read(file: string): Buffer
}

/** A directory of its own, removed at the end of its scope. */
export class Scratch implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'letterlock-decryptor-'))
  #files = 0

  file(name: string, bytes: Buffer | string): string {
    const path = this.fresh(name)
    writeFileSync(path, bytes)
    return path
  }
  fresh(name: string): string {
    this.#files += 1
    return join(this.path, `${this.#files}-${name}`)
  }
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Runs `node decrypt.mjs` on the bytes of an export; never rejects because of what the program answers. */
export async function decrypt(
  scratch: Scratch,
  bytes: Buffer,
  secrets: Secrets,
  outDir = scratch.fresh('out'),
): Promise<Run> {
  const args: string[] = []
  if (secrets.code !== undefined) args.push('--code-file', scratch.file('code', `${secrets.code}\n`))
  if (secrets.password !== undefined) {
    const line = Buffer.concat([Buffer.from(secrets.password), Buffer.from('\n')])
    args.push('--password-file', scratch.file('password', line))
  }
  if (secrets.siteKey) args.push('--site-key-file', scratch.file('site-key', secrets.siteKey))
  if (secrets.appPassword !== undefined)
    args.push('--app-password-file', scratch.file('app-password', `${secrets.appPassword}\n`))
  if (secrets.recoveryKey) args.push('--recovery-key-file', scratch.file('recovery-key', secrets.recoveryKey))
  for (const one of secrets.adminPasswords ?? [])
    args.push('--admin-password-file', scratch.file('admin-password', `${one}\n`))
  if (secrets.isSalvage) args.push('--salvage')
  args.push(scratch.file('export', bytes), outDir)
  const { exitCode, output, refusal } = await runNode([decryptorPath, ...args], secrets.typed ?? '')
  return {
    ...{ exitCode, output, refusal, outDir },
    index: () => JSON.parse(readFileSync(join(outDir, 'index.json'), 'utf8')) as Index,
    read: (file) => readFileSync(join(outDir, file)),
  }
}

function runNode(
  args: readonly string[],
  input: string,
): Promise<{ exitCode: number; output: string; refusal: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, (error, output, refusal) => {
      const exitCode = error ? error.code : 0
      if (typeof exitCode === 'number') resolve({ exitCode, output, refusal })
      else reject(error ?? new Error('no exit code'))
    })
    child.stdin?.end(input)
  })
}

export async function exportOf(site: TestSite, address = 'alice@example.org'): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of site.accounts.exportSealed(address)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A record (its key, its value) or a body (its blob identifier, its sealed bytes). */
export interface Thing {
  readonly isRecord: boolean
  readonly key: Buffer
  readonly value: Buffer
}

export interface ExportParts {
  readonly head: Buffer
  readonly things: readonly Thing[]
}

/** FORMAT.md §10, without verifying anything. */
export function takeApart(bytes: Buffer): ExportParts {
  const things: Thing[] = []
  let at = 33
  const take = (length: number): Buffer => bytes.subarray(at, (at += length))
  for (;;) {
    const kind = take(1).readUInt8()
    if (kind === 0) return { head: bytes.subarray(0, 33), things }
    const key = take(kind === 1 ? take(2).readUInt16BE() : 16)
    const length = kind === 1 ? take(4).readUInt32BE() : Number(take(8).readBigUInt64BE())
    things.push({ isRecord: kind === 1, key, value: take(length) })
  }
}

function lengthField(bytes: number, length: number): Buffer {
  const field = Buffer.alloc(8)
  field.writeBigUInt64BE(BigInt(length))
  return field.subarray(8 - bytes)
}

/** The export of these parts, with the digest that belongs to it. */
export function putTogether({ head, things }: ExportParts): Buffer {
  const bytes = Buffer.concat([
    head,
    ...things.flatMap(({ isRecord, key, value }) =>
      isRecord
        ? [Buffer.of(1), lengthField(2, key.length), key, lengthField(4, value.length), value]
        : [Buffer.of(2), key, lengthField(8, value.length), value],
    ),
    Buffer.of(0),
  ])
  return Buffer.concat([bytes, createHash('sha256').update(bytes).digest()])
}
