// Where a command's secrets come from: a file, a pipe, systemd, or the terminal. Never the command line.
import { open, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { passwordBytes } from '../base/limits.ts'
import type { Asker } from './ask.ts'
import type { SecretName, SecretNeed } from './command.ts'
import { exitCodes } from './exit-code.ts'
import { Failure, usageFailure } from './failure.ts'
import { makePassword } from './generate.ts'
import type { StdinLines } from './stdin-lines.ts'
import type { View } from './view.ts'

interface Source {
  readonly flag: string
  readonly variable: string
  /** File name in $CREDENTIALS_DIRECTORY (systemd's LoadCredential=). */
  readonly credential: string
}

const others = ['', '-2', '-3', '-4', '-5'] as const
const named = (name: SecretName): Source => ({
  flag: `--${name}-file`,
  variable: `LETTERLOCK_${name.toUpperCase().replaceAll('-', '_')}_FILE`,
  credential: `letterlock.${name}`,
})

/** How each secret can be given. */
export const secretSources: Readonly<Record<SecretName, Source>> = {
  ...(Object.fromEntries(
    others.flatMap((other) => [
      [`admin-password${other}`, named(`admin-password${other}`)],
      [`new-admin-password${other}`, named(`new-admin-password${other}`)],
    ]),
  ) as Record<Exclude<SecretName, 'password' | 'old-password' | 'recovery-code'>, Source>),
  password: {
    flag: '--password-file',
    variable: 'LETTERLOCK_PASSWORD_FILE',
    credential: 'letterlock.password',
  },
  'old-password': {
    flag: '--old-password-file',
    variable: 'LETTERLOCK_OLD_PASSWORD_FILE',
    credential: 'letterlock.old-password',
  },
  'recovery-code': { flag: '--code-file', variable: 'LETTERLOCK_CODE_FILE', credential: 'letterlock.code' },
  'source-password': {
    flag: '--source-password-file',
    variable: 'LETTERLOCK_SOURCE_PASSWORD_FILE',
    credential: 'letterlock.source-password',
  },
}

/** Access tokens of other servers are longer than any password. */
const limitOf = (name: SecretName): number => (name === 'source-password' ? 4000 : passwordBytes)

export interface SecretGivers {
  /** By secret: the file named by its flag; `-` is standard input. */
  readonly files: Readonly<Partial<Record<SecretName, string>>>
  /** `--generate`: new passwords are made here. */
  readonly isGenerating: boolean
  readonly env: NodeJS.ProcessEnv
  readonly stdin: StdinLines
  readonly asker: Asker
  readonly view: View
}

/** The file that a secret is to be read from, if one is named anywhere. */
async function fileFor(name: SecretName, givers: SecretGivers): Promise<string | undefined> {
  const { flag, variable, credential } = secretSources[name]
  const named = givers.files[name] ?? givers.env[variable]
  if (named === '') throw usageFailure(`${givers.files[name] === undefined ? variable : flag} names no file`)
  if (named !== undefined) return named
  const directory = givers.env['CREDENTIALS_DIRECTORY'] ?? ''
  if (!isAbsolute(directory)) return undefined
  const path = join(directory, credential)
  return (await stat(path).catch(() => undefined)) ? path : undefined
}

/** The first line of a file. */
async function readSecretFile(path: string, limitBytes: number, view: View): Promise<Buffer> {
  const content = Buffer.alloc(limitBytes + 3)
  try {
    const file = await open(path, 'r')
    try {
      const { mode } = await file.stat()
      // A pipe from the shell, <(...), has modes of its own and is gone soon.
      if ((mode & 0o170000) === 0o100000 && (mode & 0o077) !== 0) {
        view.talk(view.talkPaint.yellow(`Others can read ${path}: chmod 600 ${path}`))
      }
      let length = 0
      for (;;) {
        const { bytesRead } = await file.read(content, length, content.length - length)
        length += bytesRead
        if (bytesRead === 0 || length === content.length || content.subarray(0, length).includes(0x0a)) break
      }
      const found = content.subarray(0, length).indexOf(0x0a)
      const end = found < 0 ? length : found
      const line = Buffer.alloc(end > 0 && content[end - 1] === 0x0d ? end - 1 : end)
      content.copy(line, 0, 0, line.length)
      return line
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Failure('no-secret', exitCodes.usage, `cannot read ${path} (${code ?? 'error'})`, {
      cause: error,
    })
  } finally {
    content.fill(0)
  }
}

function check(name: SecretName, bytes: Buffer): Buffer {
  const what = name === 'recovery-code' ? 'recovery code' : 'password'
  const fault =
    bytes.length === 0
      ? `the ${what} is empty`
      : bytes.length > limitOf(name)
        ? `the ${what} is longer than ${limitOf(name)} bytes`
        : bytes.includes(0) || bytes.includes(0x0d)
          ? `the ${what} has a control character that no mail program can send`
          : undefined
  if (fault === undefined) return bytes
  bytes.fill(0)
  throw new Failure('no-secret', exitCodes.usage, fault)
}

async function askNew(
  prompt: string,
  asker: Asker,
  view: View,
): Promise<{ bytes: Buffer; isGenerated: boolean }> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const first = await asker.secret(`${prompt} (empty: have one made)`)
    if (first.length === 0) return { bytes: makePassword(), isGenerated: true }
    const second = await asker.secret('The same again')
    const isSame = first.equals(second)
    second.fill(0)
    if (isSame) return { bytes: first, isGenerated: false }
    first.fill(0)
    view.alarm('The two are not the same.')
  }
  throw new Failure('no-secret', exitCodes.usage, 'the password was not typed the same way twice')
}

async function obtain(
  need: SecretNeed,
  givers: SecretGivers,
): Promise<{ bytes: Buffer; isGenerated: boolean }> {
  const { name, kind, prompt } = need
  if (kind === 'new' && givers.isGenerating) return { bytes: makePassword(), isGenerated: true }
  const file = await fileFor(name, givers)
  if (file === '-') {
    const line = await givers.stdin.next(limitOf(name)).catch((error: unknown) => {
      throw new Failure('no-secret', exitCodes.usage, 'the line on standard input is too long', {
        cause: error,
      })
    })
    if (!line) throw new Failure('no-secret', exitCodes.usage, `standard input ended before the ${name}`)
    return { bytes: line, isGenerated: false }
  }
  if (file !== undefined)
    return { bytes: await readSecretFile(file, limitOf(name), givers.view), isGenerated: false }
  if (!givers.view.isInteractive) throw nobodyToAsk(need)
  if (kind === 'new') return askNew(prompt, givers.asker, givers.view)
  // A code of 28 letters typed unseen is never right, and it is dead once used.
  if (name === 'recovery-code') {
    return { bytes: Buffer.from(await givers.asker.line(prompt), 'utf8'), isGenerated: false }
  }
  return { bytes: await givers.asker.secret(prompt), isGenerated: false }
}

function nobodyToAsk({ name, kind }: SecretNeed): Failure {
  const { flag, variable, credential } = secretSources[name]
  const what = name === 'recovery-code' ? 'recovery code' : name.replace('-', ' ')
  return new Failure(
    'no-secret',
    exitCodes.usage,
    `no ${what} was given, and there is no terminal to ask on`,
    {
      hint: [
        `${flag} FILE      its first line; - is standard input`,
        ...(kind === 'new' ? ['--generate                makes one and prints it once'] : []),
        `${variable}=FILE, or the systemd credential ${credential}`,
      ].join('\n'),
    },
  )
}

/** Whether somebody will have to type. */
export async function mustAsk(needs: readonly SecretNeed[], givers: SecretGivers): Promise<boolean> {
  for (const need of needs) {
    if (need.kind === 'new' && givers.isGenerating) continue
    if ((await fileFor(need.name, givers)) === undefined) return true
  }
  return false
}

export interface Secrets {
  readonly bytes: ReadonlyMap<SecretName, Buffer>
  /** Copies of those that were made here, to be printed once. */
  readonly generated: ReadonlyMap<SecretName, Buffer>
}

/** All secrets of a command. Throws Failure; what was read until then is wiped. */
export async function gatherSecrets(needs: readonly SecretNeed[], givers: SecretGivers): Promise<Secrets> {
  const bytes = new Map<SecretName, Buffer>()
  const generated = new Map<SecretName, Buffer>()
  try {
    for (const need of needs) {
      const secret = await obtain(need, givers)
      bytes.set(need.name, check(need.name, secret.bytes))
      if (secret.isGenerated) generated.set(need.name, Buffer.from(secret.bytes))
    }
    return { bytes, generated }
  } catch (error) {
    for (const one of [...bytes.values(), ...generated.values()]) one.fill(0)
    throw error
  } finally {
    givers.stdin.wipe()
  }
}
