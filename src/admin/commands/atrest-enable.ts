// atrest enable: from now on only the owner's password or recovery code opens the mail.
import { z } from 'zod'
import { isRefusal, Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand, type Work } from '../command.ts'
import { aborted } from '../aborted.ts'
import { typedBack, typedBackNote } from '../typed-back.ts'
import { estimated, isSealed } from '../account-checks.ts'
import { address, atRestForm } from '../forms.ts'
import { counted, durationInWords, sizeInWords } from '../words.ts'

const input = z
  .strictObject({
    address: address.optional(),
    atLogin: z.boolean().optional(),
    all: z.boolean().optional(),
    domain: z.string().toLowerCase().optional(),
    wait: z.boolean().optional(),
  })
  .refine((given) => [given.address, given.all, given.domain].filter(Boolean).length === 1, {
    message: 'give one address, or --all, or --domain',
  })
type Input = z.output<typeof input>
const result = z.object({
  address: z.string().nullable().describe('whose mail it is; null with --all and --domain'),
  atRest: atRestForm.nullable().describe('state reached; null with --all and --domain'),
  marked: z.number().describe('accounts that are encrypted at their next login'),
  usedBytes: z.number().describe('octets of mail that have to be looked at'),
  estimatedSeconds: z.number().describe('about how long older mail takes on a quiet machine'),
})
type Result = z.output<typeof result>

const withoutCode =
  'Then a forgotten password loses the mail until its owner has made a recovery code: letterlock atrest status --at-risk'

const isMarking = ({ atLogin, all, domain }: Input): boolean =>
  atLogin === true || all === true || domain !== undefined

/** Marks every account that the input means; one that is on already, or may not, is passed over. */
async function markMany(work: Work, { all, domain }: Input): Promise<Result> {
  let marked = 0
  let usedBytes = 0
  let estimatedSeconds = 0
  for await (const info of work.accounts.list()) {
    if (work.signal.aborted) break
    if (!all && !info.address.endsWith(`@${domain ?? ''}`)) continue
    const { policy } = await work.accounts.atRest.atRestStatus(info.address)
    if (isSealed(info) || policy === 'off') continue
    try {
      if (!work.isDryRun) await work.accounts.atRest.setPending(info.address, true)
    } catch (error) {
      // Turned on, or deleted, at this moment.
      if (!isRefusal(error, 'already-enabled') && !isRefusal(error, 'no-such-account')) throw error
      continue
    }
    marked += 1
    usedBytes += info.usedBytes
    estimatedSeconds += estimated(info, false)
  }
  return { address: null, atRest: null, marked, usedBytes, estimatedSeconds }
}

/** Resolves when new mail is safe; `finished` when older mail is. */
async function enable(work: Work, address: string): Promise<{ readonly finished: Promise<void> }> {
  const { recoveryCode, finished } = await work.accounts.enableAtRest(
    address,
    work.secret('password'),
    (done, total) => work.progress(done, total),
  )
  finished.catch(() => undefined)
  await work.reveal('recovery-code', recoveryCode)
  return { finished }
}

/** The same, once the code was typed back. */
async function enableTypedBack(
  work: Work,
  address: string,
  ask: (question: string) => Promise<Buffer>,
): Promise<{ readonly finished: Promise<void> }> {
  const { atRest } = work.accounts
  const { offerId, recoveryCode } = await atRest.offerEnable(address, work.secret('password'))
  try {
    await work.reveal('recovery-code', recoveryCode)
    return await typedBack(ask, (typed) =>
      atRest.acceptEnable(offerId, typed, (done, total) => work.progress(done, total)),
    )
  } finally {
    recoveryCode.fill(0)
    atRest.withdrawOffer(offerId)
  }
}

/** Turns at-rest encryption on, or marks accounts for their next login. */
export const atrestEnable: SiteCommand<Input, Result> = siteCommand({
  name: 'atrest enable',
  summary: 'seal an account: only its owner can open its mail',
  notes:
    "Needs the account's password, and prints a recovery code, once. Whoever loses both loses the mail: nobody else can " +
    'open it, the operator included. Mail keeps arriving while the account is locked; mail programs need no change. ' +
    'Older mail is sealed anew while the mailbox stays usable; that survives a restart. With --at-login, --all or --domain no password is needed: ' +
    'the accounts are marked, and each is sealed when its owner logs in next. Such an owner is told by a message, and has no recovery code until ' +
    'one is made on the page or with `letterlock atrest code regenerate`: a password that is forgotten before loses the mail. `letterlock atrest status --at-risk` lists who has none. ' +
    typedBackNote,
  examples: [
    { line: 'letterlock atrest enable alice@example.org', does: 'asks for the password, prints the code' },
    { line: 'letterlock atrest enable alice@example.org --no-wait', does: 'does not follow the conversion' },
    { line: 'letterlock atrest enable bob@example.org --at-login', does: 'marks it for its next login' },
    { line: 'letterlock atrest enable --all --dry-run', does: 'says how many would be marked' },
  ],
  arguments: [{ name: '[ADDR]', key: 'address', description: 'address of the account' }],
  options: [
    { flags: '--at-login', description: 'mark it: it is sealed when its owner logs in next' },
    { flags: '--all', description: 'mark every account' },
    { flags: '--domain DOMAIN', description: 'mark the accounts of a domain' },
    { flags: '--no-wait', description: 'end when new mail is safe; older mail follows in the server' },
  ],
  input,
  result,
  changesData: true,
  asks: true,
  mustConfirm: ({ all, domain }) => all === true || domain !== undefined,
  confirm: ({ domain }, { marked }) => ({
    type: domain ?? 'all',
    warning: `${counted(marked, 'account')} will be sealed when their owners log in next. Until an owner makes a recovery code, which the owner is told to do, a forgotten password loses all mail of the account; \`letterlock atrest status --at-risk\` lists them.`,
  }),
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: (given) =>
    isMarking(given)
      ? []
      : [{ name: 'password', kind: 'current', prompt: `Password of ${given.address ?? ''}` }],
  reveals: {
    'recovery-code':
      'Recovery code, shown this once. Print it or write it down, and keep it away from this machine:\n' +
      'it opens the mail when the password is forgotten.',
  },

  async run(work, given) {
    const { address, wait } = given
    if (address === undefined) return markMany(work, given)
    const info = await work.accounts.info(address)
    const facts = {
      address: info.address,
      usedBytes: info.usedBytes,
      estimatedSeconds: estimated(info, false),
    }
    if (work.isDryRun && isSealed(info))
      throw new Refusal('already-enabled', `${info.address} is encrypted at rest already`)
    if (isMarking(given)) {
      if (!work.isDryRun) await work.accounts.atRest.setPending(address, true)
      return { ...facts, atRest: info.atRest, marked: 1 }
    }
    if (work.isDryRun) return { ...facts, atRest: info.atRest, marked: 0 }
    const { finished } = await (work.ask ? enableTypedBack(work, address, work.ask) : enable(work, address))
    finished.catch(() => undefined) // awaited below, or reported by the account layer itself
    // Without a server there is nobody who would go on with it.
    if (wait !== false || !work.server) await Promise.race([finished, aborted(work.signal)])
    return { ...facts, atRest: (await work.accounts.info(address)).atRest, marked: 0 }
  },

  show({ address, atRest, marked, usedBytes, estimatedSeconds }, view) {
    if (address === null) {
      view.talk(`${counted(marked, 'account')} will be sealed at the next login of the owner. ${withoutCode}`)
      return
    }
    const about = `${sizeInWords(usedBytes)} of mail, about ${durationInWords(estimatedSeconds * 1000)}`
    if (marked > 0)
      view.talk(`${address} will be sealed when its owner logs in next (${about}). ${withoutCode}`)
    else if (atRest === 'on') {
      view.talk(`${address} is encrypted at rest. Try the code: letterlock atrest code test ${address}`)
    } else if (atRest === 'converting') {
      view.talk(`${address}: new mail is sealed; older mail follows (letterlock atrest status ${address}).`)
    } else view.talk(`${address} could be encrypted at rest (${about}).`)
  },
})
