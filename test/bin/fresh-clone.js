// Runs `npm start -- --once` as a newcomer would: a fresh clone, no node_modules, no compiler, no Python.
// By hand or in CI, not with the tests, because it installs packages: node test/bin/fresh-clone.js
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const place = mkdtempSync(join(tmpdir(), 'letterlock-clone-'))

function find(program) {
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim()
}

try {
  const clone = join(place, 'letterlock')
  execFileSync('git', ['clone', '--quiet', process.cwd(), clone])
  // A PATH with nothing in it but what npm itself needs: a build from source would fail here.
  const tools = join(place, 'tools')
  mkdirSync(tools)
  for (const program of ['node', 'npm', 'sh', 'env']) symlinkSync(find(program), join(tools, program))
  const { status } = spawnSync(join(tools, 'npm'), ['start', '--', '--once'], {
    cwd: clone,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: tools },
  })
  process.exitCode = status ?? 1
} finally {
  rmSync(place, { recursive: true, force: true })
}
