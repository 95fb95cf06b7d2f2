// The version in package.json.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const form = z.object({ name: z.literal('letterlock'), version: z.string() })

/** Looks upward from this file, which is deeper when compiled; `unknown` when there is no package.json. */
export function packageVersion(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  for (let level = 0; level < 5; level += 1) {
    try {
      return form.parse(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))).version
    } catch {
      directory = dirname(directory)
    }
  }
  return 'unknown'
}
