// Takes an upload in: its token, then the password, then its files into a sealed spool; the import itself runs behind the answer.
import type { OpenAccount } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { canonicalName, newMailboxName } from '../account/names.ts'
import { TransferFailure } from '../transfer/errors.ts'
import { importMail } from '../transfer/import.ts'
import { unpack } from '../transfer/unpack.ts'
import { UploadFiles } from '../transfer/upload-files.ts'
import { uploadSource } from '../transfer/upload-source.ts'
import { BodyRefused } from './body.ts'
import { MultipartStream, type Part } from './multipart-stream.ts'
import type { OwnerVisit, Problem } from './page.ts'
import type { ImportJob } from './transfers.ts'
import { problemOf } from './trying.ts'

const fieldBytes = 4096
const fieldsAtMost = 8
const filesAtMost = 1000

export type Outcome =
  | { readonly kind: 'begun' }
  | { readonly kind: 'used-form' }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly into: string }

interface Fields {
  token: string
  into: string
  password: Buffer
}

/** Fields up to the first file, which is given as well. What stands behind a file is not believed any more. */
async function readFields(parts: MultipartStream, fields: Fields): Promise<Part | undefined> {
  for (let count = 0; count < fieldsAtMost; count += 1) {
    const part = await parts.next()
    if (!part || part.fileName !== undefined) return part
    const value = await MultipartStream.whole(part, fieldBytes)
    if (part.name === 'password' && fields.password.length === 0) fields.password = value
    else {
      if (part.name === 'token') fields.token = value.toString('utf8')
      if (part.name === 'into') fields.into = value.toString('utf8').trim()
      value.fill(0)
    }
  }
  throw new BodyRefused(400)
}

/** What went wrong with an upload or an import, as what to do about it. Throws again what is a fault of ours. */
export function transferProblem(visit: OwnerVisit, error: unknown): Problem {
  if (!(error instanceof TransferFailure)) return problemOf(visit, error)
  const { t } = visit
  switch (error.code) {
    case 'too-large':
      return { field: 'files', text: t('import.tooLarge') }
    case 'cannot-write':
    case 'cannot-read':
      return { text: t('import.noRoom') }
    default:
      return { field: 'files', text: t('import.damaged') }
  }
}

function mailboxProblem({ t }: OwnerVisit, into: string): Problem | undefined {
  if (into === '') return undefined
  try {
    newMailboxName(canonicalName(into))
    return undefined
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { field: 'into', text: t('import.intoWrong') }
  }
}

async function takeFiles(
  visit: OwnerVisit,
  parts: MultipartStream,
  first: Part,
  job: ImportJob,
  account: OpenAccount,
): Promise<UploadFiles> {
  const { site } = visit
  const allowance = { leftBytes: site.settings.importBytes }
  const files = await UploadFiles.make(site.uploads, allowance)
  try {
    let part: Part | undefined = first
    for (let count = 0; part; part = await parts.next(), count += 1) {
      job.signal.throwIfAborted()
      if (count >= filesAtMost) throw new BodyRefused(413)
      const { content } = part
      // Long work is no idling: neither the account nor the page must be left under it.
      async function* watched(): AsyncGenerator<Buffer> {
        for await (const piece of content) {
          account.active()
          visit.session.lastSeenAt = site.clock.now()
          yield piece
        }
      }
      if (part.fileName === undefined || part.fileName === '') continue
      await unpack(part.fileName, watched(), {
        ...{ files, directory: site.uploads, allowance, signal: job.signal, trouble: job.trouble },
      })
    }
    return files
  } catch (error) {
    await files[Symbol.asyncDispose]()
    throw error
  }
}

async function runImport(
  { site, info }: OwnerVisit,
  job: ImportJob,
  account: OpenAccount,
  files: UploadFiles,
  into: string,
): Promise<void> {
  try {
    await using source = await uploadSource(files, [])
    const mailboxes = await importMail(account, source, {
      ...{ isDryRun: false, signal: job.signal, trouble: job.trouble },
      ...(into === '' ? {} : { into }),
      progress(done, total) {
        job.done = done
        job.total = total
      },
    })
    const sum = (key: 'added' | 'present' | 'left' | 'verified'): number =>
      mailboxes.reduce((total, one) => total + one[key], 0)
    job.result = {
      ...{ added: sum('added'), present: sum('present'), left: sum('left') },
      mailboxes: mailboxes.filter(({ found }) => found > 0).length,
      isVerified: sum('verified') === sum('added'),
    }
  } catch (error) {
    job.failure = error
  } finally {
    await Promise.allSettled([files[Symbol.asyncDispose](), account.close()])
    site.transfers.endImport(job)
    const { added = 0, present = 0, left = 0 } = job.result ?? {}
    const reason = job.failure instanceof Error ? { reason: job.failure.name } : {}
    site.log.write('info', 'web.import', { user: info.address, added, present, left, ...reason })
  }
}

async function openAccount(visit: OwnerVisit, job: ImportJob, password: Buffer): Promise<OpenAccount> {
  const { site, info, peer } = visit
  return site.accounts.login(info.address, password, {
    ...{ protocol: 'web', remoteAddress: peer.remoteAddress, isTls: peer.isSecure, client: 'Import' },
    end: (reason) => job.stop(reason),
  })
}

/** Reads the form, and begins the import when all of it is here. Throws BodyRefused, and what is a fault of ours. */
export async function receiveUpload(visit: OwnerVisit, parts: MultipartStream): Promise<Outcome> {
  const { site, info, session, t } = visit
  const { transfers } = site
  const fields: Fields = { token: '', into: '', password: Buffer.alloc(0) }
  const problem = (one: Problem): Outcome => ({ kind: 'problem', problem: one, into: fields.into })
  try {
    const first = await readFields(parts, fields)
    if (!session.useToken(fields.token, '/import')) return { kind: 'used-form' }
    const wrongName = mailboxProblem(visit, fields.into)
    if (wrongName) return problem(wrongName)
    if (!first || first.fileName === '') return problem({ field: 'files', text: t('import.noFile') })
    const job = transfers.beginImport(info.accountId)
    if (!job) return problem({ text: t('import.busy') })
    let account: OpenAccount | undefined
    try {
      account = await openAccount(visit, job, fields.password)
      const files = await takeFiles(visit, parts, first, job, account)
      void runImport(visit, job, account, files, fields.into)
      return { kind: 'begun' }
    } catch (error) {
      transfers.dropImport(info.accountId)
      await account?.close()
      if (error instanceof BodyRefused) throw error
      if (job.signal.aborted) return problem({ text: t('import.ended') })
      const found = account
        ? transferProblem(visit, error)
        : problemOf(visit, error, { password: 'password' })
      return problem(found)
    }
  } finally {
    fields.password.fill(0)
  }
}
