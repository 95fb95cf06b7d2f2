// Checks that keys in memory stay there: swap, core dumps, debuggers. Of the server's process when one runs.
import { readFile } from 'node:fs/promises'
import { revealingOptions } from '../../base/revealing-options.ts'
import type { Check, Finding, Patient } from './check.ts'

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function processOf({ server }: Patient): { readonly path: string; readonly name: string } {
  return server
    ? { path: `/proc/${server.pid}`, name: `the server (process ${server.pid})` }
    : { path: '/proc/self', name: 'this process (no server runs)' }
}

/** The most bytes of swap this process may use, by cgroup v2: 0 means none; undefined: no limit is set. */
async function swapLimit(processPath: string): Promise<number | undefined> {
  const group = /^0::(.*)$/m.exec(await read(`${processPath}/cgroup`))?.[1]
  if (group === undefined) return undefined
  for (let path = group; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const limit = (await read(`/sys/fs/cgroup${path}/memory.swap.max`)).trim()
    if (/^\d+$/.test(limit)) return Number(limit)
    if (path === '' || path === '/') return undefined
  }
}

const swap: Check = {
  id: 'swap',
  title: 'swap',
  async run(patient) {
    const { path, name } = processOf(patient)
    const table = await read('/proc/swaps')
    if (table === '') return { verdict: 'skip', text: 'this system does not say whether it swaps' }
    const areas = table.trim().split('\n').slice(1)
    if (areas.length === 0) return { verdict: 'ok', text: 'there is no swap' }
    if ((await swapLimit(path)) === 0)
      return { verdict: 'ok', text: `${name} is kept out of swap by its cgroup` }
    const onlyZram = areas.every((line) => line.startsWith('/dev/zram'))
    if (onlyZram) return { verdict: 'ok', text: 'swap is compressed memory (zram), not a disk' }
    return {
      verdict: 'warn',
      text: `there is swap, and ${name} may be written to it, keys included`,
      hint: 'systemd: MemorySwapMax=0; containers: memory-swap equal to memory; or encrypted swap',
    }
  },
}

const cores: Check = {
  id: 'core-dumps',
  title: 'core dumps',
  async run(patient) {
    const { path, name } = processOf(patient)
    const limit = /^Max core file size\s+(\S+)/m.exec(await read(`${path}/limits`))?.[1]
    if (limit === undefined) return { verdict: 'skip', text: `limits of ${name} cannot be read` }
    const pattern = (await read('/proc/sys/kernel/core_pattern')).trim()
    // core(5): a pipe gets the dump whatever the limit is, so its program decides. systemd's looks at the limit.
    const isPiped = pattern.startsWith('|') && !pattern.includes('systemd-coredump')
    if (limit === '0' && !isPiped) return { verdict: 'ok', text: `${name} writes no core dumps` }
    const filter = (await read(`${path}/coredump_filter`)).trim()
    if (/^0+$/.test(filter)) return { verdict: 'ok', text: `core dumps of ${name} hold no memory` }
    return {
      verdict: 'warn',
      text: `a crash of ${name} may write its memory to disk, keys included (${isPiped ? `core_pattern ${pattern.split(' ')[0] ?? ''}` : `limit ${limit}`})`,
      hint: 'systemd: LimitCORE=0 and CoredumpFilter=0x0; shell: ulimit -c 0',
    }
  },
}

const debuggers: Check = {
  id: 'debuggers',
  title: 'debuggers',
  async run(patient) {
    const { path, name } = processOf(patient)
    const words = (await read(`${path}/cmdline`)).split('\0')
    const nodeOptions = /(?:^|\0)NODE_OPTIONS=([^\0]*)/.exec(await read(`${path}/environ`))?.[1] ?? ''
    const findings: Finding[] = []
    if (revealingOptions([...words, ...nodeOptions.split(/\s+/)]).length > 0) {
      findings.push({
        verdict: 'fail',
        text: `${name} runs with debugging flags: whoever connects reads every key`,
        hint: 'start it without --inspect and the like, also in NODE_OPTIONS',
      })
    }
    const scope = (await read('/proc/sys/kernel/yama/ptrace_scope')).trim()
    if (scope === '0') {
      findings.push({
        verdict: 'warn',
        text: 'any process of the same user may read the memory of another (ptrace_scope 0)',
        hint: 'sysctl kernel.yama.ptrace_scope=1, and a user of its own for the server',
      })
    }
    return findings.length > 0 ? findings : { verdict: 'ok', text: `no debugger is invited into ${name}` }
  },
}

export const secrecyChecks: readonly Check[] = [swap, cores, debuggers]
