// atrest kdf: what guessing a password costs, and what it should cost on this machine.
import { z } from 'zod'
import { calibrate } from '../../crypto/calibrate.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { tableLines } from '../words.ts'

const input = z.strictObject({ calibrate: z.boolean().optional() })
const cost = z.object({
  memoryKiB: z.number().describe('Argon2id memory'),
  passes: z.number().describe('Argon2id passes'),
  parallelism: z.number().describe('Argon2id lanes'),
})
const row = z.object({
  address: z.string().describe('its address'),
  cost: cost.nullable().describe('of its password; null when it has none'),
})
const result = z.object({
  accounts: z.array(row).describe('one object an account'),
  measured: z
    .array(cost.extend({ milliseconds: z.number().describe('one run on this machine') }))
    .describe('with --calibrate: what was tried'),
  recommended: cost.nullable().describe('with --calibrate: the dearest that stays below 500 ms'),
})

/** Shows the cost of each account's password, and measures this machine. */
export const atrestKdf: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest kdf',
  summary: 'show what a guess at each password costs, and recommend a cost',
  notes:
    'A password that costs less than [atrest.kdf] says is given that cost at its next login; one that costs more is left alone. --calibrate runs ' +
    'Argon2id with several parameters, on this machine as busy as it is, and recommends the dearest that takes at most half a second.',
  examples: [
    { line: 'letterlock atrest kdf', does: 'costs of all accounts' },
    { line: 'letterlock atrest kdf --calibrate', does: 'and what [atrest.kdf] should be here' },
  ],
  options: [{ flags: '--calibrate', description: 'measure this machine' }],
  input,
  result,
  rows: 'accounts',

  async run(work, given) {
    for await (const { address, slots } of work.accounts.list()) {
      if (work.signal.aborted) break
      const kdf = slots.find(({ kind }) => kind === 'password')?.kdf
      await work.row({ address, cost: kdf ?? null })
    }
    if (!given.calibrate) return { accounts: [], measured: [], recommended: null }
    const { measured, recommended } = await calibrate(500, work.signal)
    return { accounts: [], measured: [...measured], recommended: recommended ?? null }
  },

  show({ accounts, measured, recommended }, view) {
    const words = (of: z.output<typeof cost>): string[] => [
      `${Math.round(of.memoryKiB / 1024)} MiB`,
      String(of.passes),
      String(of.parallelism),
    ]
    const rows = accounts.map((one) => [one.address, ...(one.cost ? words(one.cost) : ['-', '-', '-'])])
    if (rows.length > 0)
      for (const line of tableLines(['ADDRESS', 'MEMORY', 'PASSES', 'LANES'], rows)) view.out(line)
    if (measured.length > 0) {
      const tried = measured.map((one) => [...words(one), `${Math.round(one.milliseconds)} ms`])
      for (const line of tableLines(['MEMORY', 'PASSES', 'LANES', 'TAKES'], tried)) view.out(line)
    }
    if (recommended) {
      const { memoryKiB, passes, parallelism } = recommended
      view.talk(
        `For this machine: [atrest.kdf] memory = "${Math.round(memoryKiB / 1024)}M", time = ${passes}, parallelism = ${parallelism}`,
      )
    }
  },
})
