// What a test needs from the machine: programs, root, files. Missing ones skip the test, or fail it where all must run.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** With LETTERLOCK_REQUIRE_ALL=1 nothing is skipped: what is missing fails the test file. */
const mustRunAll = process.env['LETTERLOCK_REQUIRE_ALL'] === '1'

// Debian keeps Postfix and its like where an ordinary user's PATH does not look.
const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** The path of a program, or undefined. */
export function findProgram(name: string): string | undefined {
  return places
    .map((place) => join(place, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** For the option `skip`: false when `isThere`, else the reason, which names what is missing. */
export function skipUnless(isThere: boolean, reason: string): string | false {
  if (isThere) return false
  if (mustRunAll) throw new Error(`LETTERLOCK_REQUIRE_ALL=1, and ${reason}`)
  return reason
}

/** For the option `skip`: false when all programs are installed. */
export function skipWithout(...names: readonly string[]): string | false {
  const missing = names.filter((name) => findProgram(name) === undefined)
  return skipUnless(missing.length === 0, `${missing.join(' and ')} is not installed`)
}

/** For the option `skip`: false when this process is root. */
export function skipWithoutRoot(): string | false {
  return skipUnless(process.getuid?.() === 0, 'only root may do this')
}

/** Whether a program runs and ends well. */
export function works(program: string, ...parameters: readonly string[]): boolean {
  return spawnSync(program, parameters, { stdio: 'ignore' }).status === 0
}
