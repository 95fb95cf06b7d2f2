// cert show and cert self-signed: the server's certificate, as its files hold it.
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { z } from 'zod'
import { localCommand, type LocalCommand } from '../admin/command.ts'
import { exitCodes } from '../admin/exit-code.ts'
import { Failure } from '../admin/failure.ts'
import { durationInWords, pairLines } from '../admin/words.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import { certificateFacts } from '../crypto/certificate.ts'
import { makeSelfSigned } from './self-signed.ts'
import { readCertificate } from './tls.ts'

const certificateForm = z.object({
  file: z.string().describe('where it is'),
  subject: z.string().describe('whose it is'),
  issuer: z.string().describe('who signed it'),
  isSelfSigned: z.boolean().describe('nobody else vouches for it'),
  names: z.array(z.string()).describe('names and addresses that it is good for'),
  from: z.string().describe('good from then on, ISO 8601'),
  until: z.string().describe('good until then'),
  isValid: z.boolean().describe('now is between the two'),
  fingerprint: z.string().describe('SHA-256, as programs show it that ask whether to trust it'),
  key: z.string().describe('what kind of key it has'),
})
type CertificateView = z.output<typeof certificateForm>

const noInput = z.strictObject({})

/** Shows the certificate that the settings name. */
export const certShow: LocalCommand<z.output<typeof noInput>, CertificateView> = localCommand({
  name: 'cert show',
  summary: 'show the certificate that clients see',
  notes: 'Reads the files that the settings name, and checks that the key belongs to the certificate.',
  examples: [
    { line: 'letterlock cert show', does: 'names, dates and fingerprint' },
    { line: 'letterlock cert show --json', does: 'for monitoring' },
  ],
  input: noInput,
  result: certificateForm,

  async run(desk) {
    const { tls } = desk.config()
    const { cert } = await readCertificate(tls)
    const { from, until, ...facts } = certificateFacts(cert)
    const now = Date.now()
    const dates = { from: new Date(from).toISOString(), until: new Date(until).toISOString() }
    return {
      result: {
        file: tls.cert,
        ...facts,
        names: [...facts.names],
        ...dates,
        isValid: from <= now && now < until,
      },
    }
  },

  show(one, view) {
    const left = Date.parse(one.until) - Date.now()
    const pairs: [string, string][] = [
      ['file', one.file],
      ['subject', one.subject],
      ['issuer', one.isSelfSigned ? 'itself (self-signed)' : one.issuer],
      ['names', one.names.join(' ') || '-'],
      ['valid', `from ${one.from} until ${one.until}`],
      ['left', one.isValid ? durationInWords(left) : 'NOT VALID NOW'],
      ['key', one.key],
      ['SHA-256', one.fingerprint],
    ]
    for (const line of pairLines(pairs)) view.out(line)
  },
})

const selfSignedInput = z.strictObject({
  host: z
    .string()
    .max(253)
    .refine(
      (name) => isIP(name) !== 0 || /^(?=.*[a-z0-9])[a-z0-9*]([a-z0-9.-]*[a-z0-9])?$/i.test(name),
      'must be a name or an address',
    ),
  replace: z.boolean().optional(),
})
const selfSignedResult = z.object({
  cert: z.string().describe('the file of the certificate'),
  key: z.string().describe('the file of its key'),
  fingerprint: z.string().describe('SHA-256, for clients that ask whether to trust it'),
  kept: z.array(z.string()).describe('what was there before, under new names'),
})

async function writePrivate(path: string, text: string, mode: number): Promise<void> {
  await rm(path, { force: true })
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a certificate where the settings want one; what is there stays, unless told otherwise, and then beside it. */
export const certSelfSigned: LocalCommand<
  z.output<typeof selfSignedInput>,
  z.output<typeof selfSignedResult>
> = localCommand({
  name: 'cert self-signed',
  summary: 'make a certificate that nobody else vouches for',
  notes:
    'For trials and private networks: every client asks once whether to trust it. Written to the files that [tls] names. The running server sees them by ' +
    'itself within [tls] reload, or at once by `letterlock cert reload`. With --replace the files before are kept beside, with .old at the end.',
  examples: [
    { line: 'letterlock cert self-signed mail.example.org', does: 'where there is none' },
    { line: 'letterlock cert self-signed 192.0.2.7 --replace', does: 'for an address, in place of another' },
  ],
  arguments: [{ name: 'HOST', key: 'host', description: 'the name or address that clients connect to' }],
  options: [{ flags: '--replace', description: 'in place of those that are there' }],
  input: selfSignedInput,
  result: selfSignedResult,

  async run(desk, { host, replace }) {
    const { cert, key } = desk.config().tls
    const there = [key, cert].filter((path) => existsSync(path))
    if (there.length > 0 && !replace) {
      throw new Failure(
        'cannot-create',
        exitCodes.cannotCreate,
        `there is a certificate already: ${there.join(', ')}`,
        {
          hint: '`letterlock cert show` shows it; --replace keeps it beside, as .old',
        },
      )
    }
    const made = await makeSelfSigned([host])
    const kept = there.map((path) => `${path}.old`)
    try {
      for (const path of [key, cert]) await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writePrivate(`${key}.new`, made.key, 0o600)
      await writePrivate(`${cert}.new`, made.cert, 0o644)
      for (const path of there) await rename(path, `${path}.old`)
      for (const path of [key, cert]) await rename(`${path}.new`, path)
      for (const path of [key, cert]) await syncDirectory(dirname(path))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
      throw new Failure(
        'cannot-create',
        exitCodes.cannotCreate,
        `cannot write ${cert} and ${key} (${code})`,
        {
          cause: error,
          hint: 'run this as the server’s own user',
        },
      )
    }
    return { result: { cert, key, fingerprint: certificateFacts(made.cert).fingerprint, kept } }
  },

  show({ cert, key, fingerprint, kept }, view) {
    view.talk(`Made ${cert} and ${key}.`)
    for (const path of kept) view.talk(`Kept ${path}.`)
    view.talk(`SHA-256 ${fingerprint}`)
  },
})
