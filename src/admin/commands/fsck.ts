// fsck: looks over the site, or over one account, and repairs that.
import { z } from 'zod'
import type { OwnerSecret } from '../../account/api-lifecycle.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { usageFailure } from '../failure.ts'
import { address } from '../forms.ts'
import { counted } from '../words.ts'

const input = z.strictObject({
  address: address.optional(),
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
  lost: z.array(z.string()).describe('what could not be found again'),
})

/** Without an address no key is needed; with one its owner's password, or the site's key where that opens it. */
export const fsck: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'fsck',
  summary: 'look over the site or one account, and repair that',
  notes:
    'Without ADDR: whether each address has its account, each account its address, keys and bodies, and whether everything stored has the form of a sealed thing; no key is ' +
    'needed, and nothing is changed. With ADDR everything of the account must open; --repair files again what bodies alone still hold, makes a new chain over what authenticates ' +
    'where the account does not open, corrects counts and quota, and removes what has no place. What might be mail is never deleted: it goes to the mailbox Recovered, and what does not open is ' +
    'kept aside. Sessions of the account end meanwhile. Exit code 65 when something is wrong, or was lost.',
  examples: [
    { line: 'letterlock fsck', does: 'the whole site, without keys' },
    { line: 'letterlock fsck alice@example.org --dry-run --repair', does: 'says what a repair would do' },
    { line: 'letterlock fsck alice@example.org --repair', does: 'asks for her password, and repairs' },
  ],
  arguments: [
    { name: '[ADDR]', key: 'address', description: 'address of the account; without it, the site' },
  ],
  options: [
    { flags: '--repair', description: 'repair the account' },
    { flags: '--site-key', description: 'open it with the key of the site, not a password' },
  ],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ address: whose, siteKey }) =>
    whose === undefined || siteKey
      ? []
      : [{ name: 'password', kind: 'current', prompt: `Password of ${whose}` }],

  async run(work, { address: whose, repair, siteKey }) {
    const { repairs } = work.accounts
    if (whose === undefined) {
      if (repair)
        throw usageFailure('fsck --repair repairs one account: name it', 'letterlock fsck ADDR --repair')
      const findings = []
      for await (const { address: at, account, text } of repairs.fsckSite())
        findings.push({ address: at ?? null, account: account ?? null, text })
      return { address: null, isRepaired: false, findings, repaired: [], lost: [] }
    }
    await work.accounts.info(whose)
    // Nobody has typed a password yet for a rehearsal.
    if (work.isDryRun && !siteKey && !repair)
      return { address: whose, isRepaired: false, findings: [], repaired: [], lost: [] }
    const secret: OwnerSecret = siteKey
      ? { kind: 'site' }
      : { kind: 'password', password: work.secret('password') }
    const isDryRun = work.isDryRun || repair !== true
    const progress = (done: number, total: number): void => work.progress(done, total)
    const report = await repairs.repair(whose, secret, { isDryRun, progress })
    return {
      ...{ address: whose, isRepaired: !isDryRun },
      findings: report.findings.map(({ mailbox, uid, text }) => ({
        ...{ address: whose, account: null },
        text: [mailbox, uid === undefined ? undefined : `UID ${uid}`, text]
          .filter((part) => part !== undefined)
          .join(': '),
      })),
      ...{ repaired: [...report.repaired], lost: [...report.lost] },
    }
  },

  exitCode: ({ findings, lost, repaired, isRepaired }) =>
    findings.length > 0 || lost.length > 0 || (!isRepaired && repaired.length > 0)
      ? exitCodes.data
      : exitCodes.ok,

  show({ address: whose, findings, repaired, lost, isRepaired }, view) {
    for (const { address: at, account, text } of findings)
      view.out(whose === null ? `${at ?? account ?? 'site'}: ${text}` : text)
    for (const text of repaired) view.out(`${isRepaired ? 'repaired' : 'to be repaired'}: ${text}`)
    for (const text of lost) view.out(`lost: ${text}`)
    const name = whose ?? 'the site'
    if (findings.length + lost.length + repaired.length === 0) view.talk(`${name}: all is well.`)
    else
      view.alarm(
        `${name}: ${counted(findings.length, 'finding')}, ${counted(repaired.length, 'thing')} ${isRepaired ? '' : 'to be '}repaired, ${lost.length} lost.`,
      )
  },
})
