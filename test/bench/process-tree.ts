// Processor time and memory of a server with all its child processes, read from /proc (Linux only).
import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'

/** The fields of /proc/PID/stat that accounting needs; times are clock ticks. */
export interface ProcessStat {
  readonly pid: number
  readonly parentPid: number
  /** User and system time of the process and of its children that have ended and were waited for. */
  readonly cpuTicks: number
  /** Together with `pid` this names a process for ever. */
  readonly startTime: number
}

/** Reads one line of /proc/PID/stat; the program's name in it may contain spaces and parentheses. */
export function parseStat(line: string): ProcessStat {
  const nameEnd = line.lastIndexOf(')')
  const fields = line.slice(nameEnd + 2).split(' ')
  // proc(5) counts from 1 and `fields` begins with its number 3.
  const field = (number: number): number => Number(fields[number - 3])
  const stat = {
    pid: Number.parseInt(line, 10),
    parentPid: field(4),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
    startTime: field(22),
  }
  if (Object.values(stat).some(Number.isNaN)) throw new Error('not a line of /proc/PID/stat')
  return stat
}

/** The given processes and everything below them; those that have ended are left out. */
export function descendants(all: readonly ProcessStat[], roots: readonly number[]): ProcessStat[] {
  const wanted = new Set(roots)
  // A child may stand before its parent in the list, so go over it until nothing is added.
  for (let before = -1; before !== wanted.size;) {
    before = wanted.size
    for (const stat of all) if (wanted.has(stat.parentPid)) wanted.add(stat.pid)
  }
  return all.filter((stat) => wanted.has(stat.pid))
}

/** The processes of a server that are alive now. */
export async function processTree(roots: readonly number[]): Promise<ProcessStat[]> {
  const entries = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(
    entries.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
      return line === '' ? [] : [parseStat(line)]
    }),
  )
  return descendants(stats.flat(), roots)
}

/** Processor seconds used so far by the tree, ended children included. */
export async function cpuSeconds(roots: readonly number[]): Promise<number> {
  const tree = await processTree(roots)
  return tree.reduce((sum, stat) => sum + stat.cpuTicks, 0) / ticksPerSecond
}

/** Memory of the tree in bytes, each shared page divided by the number of its users (PSS). */
export async function memoryBytes(roots: readonly number[]): Promise<number> {
  let total = 0
  for (const { pid } of await processTree(roots)) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '')
    total += Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024
  }
  return total
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
