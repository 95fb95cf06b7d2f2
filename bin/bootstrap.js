// Prepares a checkout for running: right Node, packages installed, TypeScript built. Uses nothing but Node.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.error) {
    process.stderr.write(`Cannot run ${command}: ${result.error.message}\n`)
    process.exit(1)
  }
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** The npm that runs us, if one does, or else the one in PATH. */
function runNpm(args) {
  const npm = process.env.npm_execpath
  if (npm?.endsWith('.js')) run(process.execPath, [npm, ...args])
  else run('npm', args)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  process.stderr.write(`Letterlock needs Node 20.19 or later; this is ${process.version}.\n`)
  process.exit(1)
}

/** Installs exactly what the lock file names, when node_modules is missing or older than the lock file. */
export function install() {
  const stamp = join(root, 'node_modules', '.letterlock-lock')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  process.stderr.write('Installing packages: once, about half a minute ...\n')
  // Install scripts are off: argon2 and classic-level carry their binaries, so neither a compiler nor Python is needed.
  // The compiler is a development package, so those are wanted whatever NODE_ENV or .npmrc say.
  runNpm(['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(stamp, lock)
}

function newestSource(directory) {
  let newest = 0
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path))
    else newest = Math.max(newest, statSync(path).mtimeMs)
  }
  return Math.max(newest, statSync(directory).mtimeMs)
}

/** Compiles into dist/, from scratch, when a source is newer than the last complete build. */
export function build({ force = false } = {}) {
  const stamp = join(root, 'dist', '.built')
  const newest = Math.max(
    ...['src', 'test', 'bin'].map((name) => newestSource(join(root, name))),
    statSync(join(root, 'tsconfig.json')).mtimeMs,
  )
  if (!force && existsSync(stamp) && statSync(stamp).mtimeMs > newest) return
  process.stderr.write('Building ...\n')
  // A stale output of a deleted source would go on being run: always start from an empty folder.
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root])
  // What the page's browsers are given as it is: the stylesheet, the script.
  cpSync(join(root, 'src', 'web', 'static'), join(root, 'dist', 'src', 'web', 'static'), { recursive: true })
  // Programs, so that a link in /usr/local/bin is all that it takes to have the commands.
  for (const name of ['letterlock.js', 'tellmail.js']) chmodSync(join(root, 'dist', 'bin', name), 0o755)
  writeFileSync(stamp, '')
}

export function prepare() {
  checkNode()
  install()
  build()
}
