// `npm test`: installs, builds and runs every test with node:test. Arguments are parts of test file names to pick. Where CI is set no file may
// take longer than a quarter of an hour, or LETTERLOCK_TEST_MINUTES: one that hangs is named.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { prepare, root } from './bootstrap.js'

function testFiles(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return testFiles(path)
    return entry.name.endsWith('.test.js') ? [path] : []
  })
}

prepare()
const picks = process.argv.slice(2)
const files = testFiles(join(root, 'dist', 'test'))
  .map((path) => relative(root, path))
  .filter((path) => picks.length === 0 || picks.some((pick) => path.includes(pick)))
  .sort()
if (files.length === 0) {
  process.stderr.write('No test file matches.\n')
  process.exit(1)
}
const minutes = process.env.LETTERLOCK_TEST_MINUTES ?? (process.env.CI ? '15' : '0')
const patience = minutes === '0' ? [] : ['--import', new URL('test-patience.js', import.meta.url).href]
const result = spawnSync(
  process.execPath,
  [...patience, '--enable-source-maps', '--test', '--test-reporter=spec', '--test-concurrency=2', ...files],
  { cwd: root, stdio: 'inherit', env: { ...process.env, LETTERLOCK_TEST_MINUTES: minutes } },
)
process.exit(result.status ?? 1)
