// fsck: looks over the site, or over one account, and repairs that.
import { z } from 'zod'
import type { OwnerSecret, Progress } from '../../account/api-lifecycle.ts'
import { isRefusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand, type Work } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { usageFailure } from '../failure.ts'
import { address } from '../forms.ts'
import { counted, printable } from '../words.ts'

const input = z.strictObject({
  address: address.optional(),
  all: z.boolean().optional(),
  repair: z.boolean().optional(),
  siteKey: z.boolean().optional(),
})
const finding = z.object({
  address: z.string().nullable().describe('whose account it is in, if anybody’s'),
  account: z.string().nullable().describe('identifier of the account, if any'),
  text: z.string().describe('in words'),
})
const result = z.object({
  address: z.string().nullable().describe('the account that was looked at; null: the site'),
  isRepaired: z.boolean().describe('true: what could be repaired was'),
  findings: z.array(finding).describe('what is wrong; after a repair, what still is'),
  repaired: z.array(z.string()).describe('what was repaired, or would be'),
  lost: z
    .array(z.string())
    .describe('what could not be found again, with mailbox, UID and what is known of it'),
  lostMessages: z.number().describe('messages among what was lost; of some the header is left'),
  closed: z.number().describe('with --all: accounts that only their owners can open'),
})

type Result = z.output<typeof result>

const nothing = (whose: string | null): Result => ({
  ...{ address: whose, isRepaired: false, closed: 0 },
  ...{ findings: [], repaired: [], lost: [], lostMessages: 0 },
})

async function lookOver(
  { accounts }: Work,
  whose: string,
  secret: OwnerSecret,
  options: { readonly isDryRun: boolean; readonly progress?: Progress },
): Promise<Pick<Result, 'isRepaired' | 'findings' | 'repaired' | 'lost' | 'lostMessages'>> {
  const { findings, repaired, lost, lostMessages } = await accounts.repairs.repair(whose, secret, options)
  return {
    isRepaired: !options.isDryRun,
    findings: findings.map(({ mailbox, uid, text }) => ({
      ...{ address: whose, account: null },
      text: [mailbox, uid === undefined ? undefined : `UID ${uid}`, text]
        .filter((part) => part !== undefined)
        .join(': '),
    })),
    ...{ repaired: [...repaired], lost: [...lost], lostMessages },
  }
}

/** The site without keys, and with `all` what its own key opens; an account that cannot be looked at is a finding, and the others follow. */
async function lookOverSite(
  work: Work,
  { all, repair }: { readonly all: boolean; readonly repair: boolean },
): Promise<Result> {
  const { accounts } = work
  const isDryRun = work.isDryRun || !repair
  const found: Result = { ...nothing(null), isRepaired: all && !isDryRun }
  for await (const { address: at, account, text } of accounts.repairs.fsckSite())
    found.findings.push({ address: at ?? null, account: account ?? null, text })
  if (!all) return found
  const open: string[] = []
  for await (const info of accounts.list()) {
    if (info.atRest === 'off') open.push(info.address)
    else found.closed += 1
  }
  for (const [index, whose] of open.entries()) {
    work.signal.throwIfAborted()
    try {
      const one = await lookOver(work, whose, { kind: 'site' }, { isDryRun })
      found.findings.push(...one.findings)
      found.repaired.push(...one.repaired.map((text) => `${whose}: ${text}`))
      found.lost.push(...one.lost.map((text) => `${whose}: ${text}`))
      found.lostMessages += one.lostMessages
    } catch (error) {
      if (!isRefusal(error)) throw error
      found.findings.push({ address: whose, account: null, text: error.message })
    }
    work.progress(index + 1, open.length)
  }
  return found
}

/** Without an address no key is needed; with one its owner's password, or the site's key where that opens it. */
export const fsck: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'fsck',
  summary: 'look over the site or one account, and repair that',
  working: 'looking',
  workingIn: 'steps',
  notes:
    'Without ADDR: whether each address has its account, each account its address, keys and bodies, and whether everything stored has the form of a sealed thing; no key is ' +
    'needed, and nothing is changed. With --all the accounts that the site’s key opens are then looked over, or repaired, one by one, as if each were named with --site-key. With ADDR everything of the account must open; --repair files again what bodies alone still hold, makes a new chain over what authenticates ' +
    'where the account does not open, corrects counts and quota, and removes what has no place. What might be mail is never deleted: it goes to the mailbox Recovered, and what does not open is ' +
    'kept aside. Sessions of the account end meanwhile. Exit code 65 when something is wrong, or was lost.',
  examples: [
    { line: 'letterlock fsck', does: 'the whole site, without keys' },
    { line: 'letterlock fsck --all', does: 'and all that the site’s key opens' },
    { line: 'letterlock fsck alice@example.org --dry-run --repair', does: 'says what a repair would do' },
    { line: 'letterlock fsck alice@example.org --repair', does: 'asks for her password, and repairs' },
  ],
  arguments: [
    { name: '[ADDR]', key: 'address', description: 'address of the account; without it, the site' },
  ],
  options: [
    { flags: '--all', description: 'the site, and every account that its key opens' },
    { flags: '--repair', description: 'repair the account, or with --all those accounts' },
    { flags: '--site-key', description: 'open it with the key of the site, not a password' },
  ],
  input,
  result,
  changesData: true,
  looksFirst: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ address: whose, all, siteKey }) =>
    whose === undefined || siteKey || all
      ? []
      : [{ name: 'password', kind: 'current', prompt: `Password of ${whose}` }],

  async run(work, { address: whose, all, repair, siteKey }) {
    if (whose !== undefined && all)
      throw usageFailure('fsck: name an account, or say --all', 'letterlock fsck --all')
    if (whose === undefined) {
      if (repair && !all)
        throw usageFailure('fsck --repair repairs one account: name it', 'letterlock fsck ADDR --repair')
      return lookOverSite(work, { all: all ?? false, repair: repair ?? false })
    }
    await work.accounts.info(whose)
    // Nobody has typed a password yet for a rehearsal.
    if (work.isDryRun && !siteKey && !work.hasSecret('password')) return nothing(whose)
    const secret: OwnerSecret = siteKey
      ? { kind: 'site' }
      : { kind: 'password', password: work.secret('password') }
    const isDryRun = work.isDryRun || repair !== true
    const progress = (done: number, total: number): void => work.progress(done, total)
    return { ...nothing(whose), ...(await lookOver(work, whose, secret, { isDryRun, progress })) }
  },

  exitCode: ({ findings, lost, repaired, isRepaired }) =>
    findings.length > 0 || lost.length > 0 || (!isRepaired && repaired.length > 0)
      ? exitCodes.data
      : exitCodes.ok,

  show({ address: whose, findings, repaired, lost, lostMessages, isRepaired, closed }, view) {
    for (const { address: at, account, text } of findings)
      view.out(whose === null ? `${at ?? account ?? 'site'}: ${text}` : text)
    for (const text of repaired) view.out(`${isRepaired ? 'repaired' : 'to be repaired'}: ${printable(text)}`)
    for (const text of lost) view.out(`lost: ${printable(text)}`)
    const name = whose ?? 'the site'
    if (closed > 0)
      view.talk(
        `${counted(closed, 'account')} that only the owner opens: looked over without keys, and for the rest by letterlock fsck ADDR`,
      )
    if (findings.length + lost.length + repaired.length === 0) view.talk(`${name}: all is well.`)
    else
      view.alarm(
        `${name}: ${counted(findings.length, 'finding')}, ${counted(repaired.length, 'thing')} ${isRepaired ? '' : 'to be '}repaired, ${lost.length} lost${lost.length === 0 ? '' : `, of it ${counted(lostMessages, 'message')}`}.`,
      )
    if (lost.length > 0 && isRepaired)
      view.talk(
        'A backup from before may have it: letterlock restore DIR --user ADDR --replace brings the account back as it was then.',
      )
    if (repaired.length > 0 && !isRepaired && whose !== null)
      view.talk(`Nothing was changed yet: letterlock fsck ${whose} --repair does it.`)
  },
})
