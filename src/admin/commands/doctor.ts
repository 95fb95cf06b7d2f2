// doctor: looks for what is wrong, or will be, and says what to do.
import { z } from 'zod'
import { localCommand, type Desk, type LocalCommand, type ServerStatus } from '../command.ts'
import type { Config } from '../../config/schema.ts'
import { accountChecks } from '../doctor/account-checks.ts'
import { diskChecks } from '../doctor/disk-checks.ts'
import { examine, type AccountTally, type Check, type Patient, type Verdict } from '../doctor/check.ts'
import { networkChecks } from '../doctor/network-checks.ts'
import { programChecks } from '../doctor/program-checks.ts'
import { secrecyChecks } from '../doctor/secrecy-checks.ts'
import { noOutlet } from '../execute.ts'
import { exitCodes } from '../exit-code.ts'
import { asFailure, Failure } from '../failure.ts'
import type { Paint } from '../paint.ts'
import { carryOut } from '../reach.ts'
import { counted } from '../words.ts'
import { atrestStatus, type StatusRow } from './atrest-status.ts'
import { status } from './status.ts'

const input = z.strictObject({})
const result = z.object({
  healthy: z.boolean().describe('false when a check failed: exit code 1'),
  checks: z
    .array(
      z.object({
        id: z.string().describe('which check'),
        title: z.string().describe('the same in words'),
        verdict: z.enum(['ok', 'warn', 'fail', 'skip']).describe('result'),
        text: z.string().describe('what was found'),
        hint: z.string().optional().describe('what to do about it'),
      }),
    )
    .describe('in the order of the checks; one can find several things'),
})

/** The server when it answers, else whether the idle store opens. */
async function findServer(config: Config, desk: Desk): Promise<Pick<Patient, 'server' | 'storeTrouble'>> {
  const order = { input: {}, isDryRun: false, secrets: new Map<string, Buffer>() }
  const reach = { config, openSite: (given: Config) => desk.openSite(given), signal: desk.signal }
  try {
    const answer = (await carryOut(status, order, noOutlet, reach)) as Omit<ServerStatus, 'startedAt'> & {
      startedAt: string
    }
    return { server: { ...answer, startedAt: Date.parse(answer.startedAt) }, storeTrouble: undefined }
  } catch (error) {
    const failure = asFailure(error)
    if (failure?.code !== 'server-not-running') {
      return { server: undefined, storeTrouble: failure?.message ?? 'the server does not answer' }
    }
  }
  try {
    await (await desk.openSite(config)).close()
    return { server: undefined, storeTrouble: undefined }
  } catch (error) {
    return {
      server: undefined,
      storeTrouble: error instanceof Error ? error.message : 'the store does not open',
    }
  }
}

/** Each account once, however many checks ask. */
async function tally(config: Config, desk: Desk): Promise<AccountTally> {
  const counts = { accounts: 0, sealed: 0, withoutCode: 0, scram: 0 }
  const row = async (given: object): Promise<void> => {
    const { atRest, needsCode, openedBy } = given as StatusRow
    counts.accounts += 1
    if (atRest !== 'off') counts.sealed += 1
    if (needsCode) counts.withoutCode += 1
    if (openedBy.includes('scram')) counts.scram += 1
  }
  const order = { input: {}, isDryRun: false, secrets: new Map<string, Buffer>() }
  const reach = { config, openSite: (given: Config) => desk.openSite(given), signal: desk.signal }
  await carryOut(atrestStatus, order, { ...noOutlet, row }, reach)
  return counts
}

async function makePatient(desk: Desk): Promise<Patient> {
  let config: Config | undefined
  let failure: Failure | undefined
  try {
    config = desk.config()
  } catch (error) {
    failure = asFailure(error)
    if (!failure) throw error
  }
  const found = config ? await findServer(config, desk) : { server: undefined, storeTrouble: undefined }
  const requireConfig = (): Config => {
    if (config) return config
    throw failure ?? new Failure('configuration', exitCodes.configuration, 'the settings cannot be read')
  }
  let counted: Promise<AccountTally> | undefined
  return {
    config,
    requireConfig,
    countAccounts: () => (counted ??= tally(requireConfig(), desk)),
    ...found,
    env: desk.env,
    signal: desk.signal,
  }
}

const words: Readonly<Record<Verdict, string>> = { ok: 'ok', warn: 'warn', fail: 'FAIL', skip: 'skip' }

function painted(verdict: Verdict, paint: Paint): string {
  const word = words[verdict].padEnd(4)
  if (verdict === 'ok') return paint.green(word)
  if (verdict === 'warn') return paint.yellow(word)
  return verdict === 'fail' ? paint.red(word) : paint.dim(word)
}

/** `doctor` with the checks of this floor and `more` from the floor above. */
export function makeDoctor(
  more: readonly Check[],
): LocalCommand<z.output<typeof input>, z.output<typeof result>> {
  return localCommand({
    name: 'doctor',
    summary: 'look for what is wrong, and say what to do',
    notes:
      'Asks the running server, or opens the idle store. Changes nothing. Exit code 1 when a check failed.',
    examples: [
      { line: 'letterlock doctor', does: 'after installing, after upgrades, when in doubt' },
      { line: 'letterlock doctor --json', does: 'for monitoring' },
    ],
    input,
    result,

    async run(desk) {
      const patient = await makePatient(desk)
      const checks = [
        ...programChecks,
        ...diskChecks,
        ...secrecyChecks,
        ...networkChecks,
        ...accountChecks,
        ...more,
      ]
      const found = await examine(checks, patient)
      const isHealthy = !found.some(({ verdict }) => verdict === 'fail')
      return {
        result: { healthy: isHealthy, checks: found },
        exitCode: isHealthy ? exitCodes.ok : exitCodes.failed,
      }
    },

    show({ checks }, view) {
      const width = Math.max(...checks.map(({ title }) => title.length))
      for (const { verdict, title, text, hint } of checks) {
        view.out(`${painted(verdict, view.outPaint)}  ${title.padEnd(width)}  ${text}`)
        if (hint !== undefined && verdict !== 'ok') {
          for (const line of hint.split('\n')) view.out(view.outPaint.dim(`${' '.repeat(8 + width)}${line}`))
        }
      }
      const count = (wanted: Verdict) => checks.filter(({ verdict }) => verdict === wanted).length
      view.talk('')
      view.talk(
        count('fail') > 0
          ? view.talkPaint.red(`${counted(count('fail'), 'check')} failed.`)
          : `No check failed${count('warn') > 0 ? `, ${counted(count('warn'), 'warning')}` : ''}.`,
      )
    },
  })
}
