// `npm start`: from a bare clone to a running, self-checking demo server. Arguments go to `letterlock demo`.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepare, root } from './bootstrap.js'

prepare()
const child = spawn(
  process.execPath,
  [join(root, 'dist', 'bin', 'letterlock.js'), 'demo', ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
// A terminal sends ^C to the whole group; the demo ends by itself, and its exit code is ours.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
