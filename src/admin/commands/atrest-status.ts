// atrest status: whose mail is sealed, and how far conversions are.
import { z } from 'zod'
import type { AccountInfo } from '../../account/api.ts'
import { isRefusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand, type Work } from '../command.ts'
import { address, atRestForm } from '../forms.ts'
import { needsCode } from '../account-checks.ts'
import { durationInWords, tableLines } from '../words.ts'

const input = z
  .strictObject({ address: address.optional(), atRisk: z.boolean().optional() })
  .refine(({ address: one, atRisk }) => one === undefined || !atRisk, {
    message: 'give one address, or --at-risk',
  })
const job = z
  .object({
    kind: z.string().describe('enable, disable, rotate, re-encrypt or seal-to-public-key'),
    done: z.number().describe('messages done'),
    total: z.number().describe('messages in all'),
    startedAt: z.string().describe('ISO 8601'),
    secondsLeft: z.number().nullable().describe('about; null when it is not known or does not go on'),
    waitsFor: z.string().nullable().describe('why it does not go on; null: it does'),
  })
  .nullable()
const time = z.string().nullable()
const row = z.object({
  address: z.string().describe('its address'),
  atRest: atRestForm.describe('state'),
  isUnlocked: z.boolean().describe('true: its keys are in memory because its owner is logged in'),
  pendingArrivals: z.number().describe('messages that came while locked'),
  openedBy: z.array(z.string()).describe('kinds of key slots: each is one way to open the mail'),
  policy: z.string().describe('off, offered, new or all: what it may do'),
  isPending: z.boolean().describe('true: it is sealed when its owner logs in next'),
  hasRecoveryCode: z.boolean().describe('whether there is a recovery code'),
  needsCode: z.boolean().describe('true: sealed, and there is no recovery code'),
  adminRecovery: z.string().describe('forbidden, none, possible or active'),
  mainPassword: z.string().describe('everywhere or web-only'),
  enabledAt: time.describe('ISO 8601; null: never, or not known'),
  recoveryCodeCheckedAt: time.describe('when the code was last typed in; null: not known'),
  job: job.describe('work on everything that it has; null: none'),
})
export type StatusRow = z.output<typeof row>
type Row = StatusRow
const result = z.object({ accounts: z.array(row).describe('one object an account') })

const iso = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())

async function statusRow(work: Work, info: AccountInfo): Promise<Row> {
  const { address, atRest, isUnlocked, pendingArrivals, slots } = info
  const status = await work.accounts.atRest.atRestStatus(address)
  const { job } = status
  const elapsed = job ? (Date.now() - job.startedAt) / 1000 : 0
  const isMoving = job !== undefined && job.waitsFor === undefined && job.done > 0 && job.startedAt > 0
  return {
    ...{ address, atRest, isUnlocked, pendingArrivals, openedBy: slots.map((slot) => slot.kind) },
    policy: status.policy,
    isPending: status.isPending,
    hasRecoveryCode: status.hasRecoveryCode,
    needsCode: needsCode(status),
    adminRecovery: status.adminRecovery,
    mainPassword: status.mainPassword,
    enabledAt: iso(status.enabledAt),
    recoveryCodeCheckedAt: iso(status.recoveryCodeCheckedAt),
    job: job
      ? {
          kind: job.kind,
          ...{ done: job.done, total: job.total, startedAt: new Date(job.startedAt).toISOString() },
          secondsLeft: isMoving ? Math.ceil((elapsed / job.done) * (job.total - job.done)) : null,
          waitsFor: job.waitsFor ?? null,
        }
      : null,
  }
}

/** What opens the mail when the password is forgotten. */
function recoveryOf({ atRest, hasRecoveryCode, adminRecovery, needsCode }: Row): string {
  if (atRest === 'off') return '-'
  const admin = adminRecovery === 'active' ? ['admin key'] : []
  if (needsCode) return ['NO CODE', ...admin].join(', ')
  return [...(hasRecoveryCode ? ['code'] : []), ...admin].join(', ') || '-'
}

/** A bar, the count, and what is left. */
function progressOf({ job, isPending }: Row): string {
  if (!job) return isPending ? 'at the next login' : ''
  const part = job.total > 0 ? job.done / job.total : 0
  const full = Math.round(part * 10)
  const bar = `${'█'.repeat(full)}${'░'.repeat(10 - full)}`
  const left = job.secondsLeft === null ? '' : `, ${durationInWords(job.secondsLeft * 1000)} left`
  const waits = job.waitsFor === null ? '' : `, waits for ${job.waitsFor}`
  return `${job.kind} ${bar} ${job.done} of ${job.total}${left}${waits}`
}

/** Shows the at-rest state of one account or of all. */
export const atrestStatus: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest status',
  summary: 'show which accounts are sealed, and work in progress',
  notes:
    'off: the server can open the mail with its site key. converting: on, older ' +
    'mail is still being sealed anew. on: only the owner opens it. RECOVERY is what opens it when the password is forgotten; NO CODE: nothing but the admin recovery key, where ' +
    'there is one, so that a forgotten password loses the mail. The owner makes a code on the page, or with `letterlock atrest code regenerate`, which asks for the password.',
  examples: [
    { line: 'letterlock atrest status', does: 'of all accounts' },
    { line: 'letterlock atrest status --at-risk', does: 'those whose owners should make a recovery code' },
    { line: 'letterlock atrest status alice@example.org --json', does: 'of one, for scripts' },
  ],
  arguments: [{ name: '[ADDR]', key: 'address', description: 'address of the account; without it, all' }],
  options: [{ flags: '--at-risk', description: 'only sealed accounts that have no recovery code' }],
  input,
  result,
  rows: 'accounts',

  async run(work, { address, atRisk }) {
    if (address !== undefined) await work.row(await statusRow(work, await work.accounts.info(address)))
    else {
      for await (const info of work.accounts.list()) {
        if (work.signal.aborted) break
        const found = await statusRow(work, info).catch((error: unknown) => {
          // Deleted at this moment.
          if (isRefusal(error, 'no-such-account')) return undefined
          throw error
        })
        if (found && (found.needsCode || !atRisk)) await work.row(found)
      }
    }
    return { accounts: [] }
  },

  show({ accounts }, view, { atRisk }) {
    if (accounts.length === 0) {
      if (atRisk) view.talk('Every sealed account has a recovery code.')
      return
    }
    const rows = accounts.map((one) => [
      one.address,
      one.atRest,
      one.isUnlocked ? 'in memory' : 'locked',
      String(one.pendingArrivals),
      one.openedBy.join(', '),
      recoveryOf(one),
      progressOf(one),
    ])
    const heads = ['ADDRESS', 'AT REST', 'KEYS', 'WAITING', 'OPENED BY', 'RECOVERY', 'WORK']
    for (const line of tableLines(heads, rows)) view.out(line.trimEnd())
    const [first, ...others] = accounts.filter((one) => one.needsCode)
    if (!first) return
    const whose = others.length === 0 ? `${first.address} has` : `${others.length + 1} accounts have`
    const lost =
      first.adminRecovery === 'active' && others.length === 0 ? ' unless the admin recovery key is used' : ''
    view.alarm(
      `${whose} no recovery code: a forgotten password loses the mail${lost}. ` +
        `The owner makes one on the page, or with you: letterlock atrest code regenerate ${others.length === 0 ? first.address : 'ADDR'}`,
    )
  },
})
