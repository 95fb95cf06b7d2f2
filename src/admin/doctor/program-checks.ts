// Checks of the program itself: Node, the ciphers, the settings.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Check, Finding } from './check.ts'

const probeTimeoutMs = 30_000

const node: Check = {
  id: 'node',
  title: 'Node',
  async run() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const text = `Node ${process.versions.node} on ${process.platform}-${process.arch}`
    if (major > 20 || (major === 20 && minor >= 19)) return { verdict: 'ok', text }
    return { verdict: 'fail', text, hint: 'Letterlock needs Node 20.19 or later' }
  },
}

/** In a child process: a native module built for another Node ends the process instead of throwing. */
const ciphers: Check = {
  id: 'ciphers',
  title: 'ciphers',
  run: ({ signal }) =>
    new Promise<Finding>((resolve) => {
      const probe = fileURLToPath(import.meta.resolve('./crypto-probe.js'))
      execFile(process.execPath, [probe], { timeout: probeTimeoutMs, signal }, (error, _, stderr) => {
        if (!error) {
          resolve({ verdict: 'ok', text: 'Argon2id and X-Wing load and give the published answers' })
          return
        }
        const reason =
          /^\w*Error: .*$/m.exec(stderr)?.[0] ?? (error.signal ? `ended by ${error.signal}` : error.message)
        resolve({
          verdict: 'fail',
          text: `the ciphers do not work here: ${reason.slice(0, 200)}`,
          hint: 'install the packages again on this machine: npm ci --ignore-scripts',
        })
      })
    }),
}

const settings: Check = {
  id: 'settings',
  title: 'settings',
  async run({ requireConfig }) {
    const config = requireConfig()
    return { verdict: 'ok', text: `settings are right; data is in ${config.dataDir}` }
  },
}

const clock: Check = {
  id: 'clock',
  title: 'clock',
  async run() {
    const now = new Date()
    const text = `it is ${now.toISOString()}`
    if (now.getUTCFullYear() >= 2026 && now.getUTCFullYear() < 2100) return { verdict: 'ok', text }
    return { verdict: 'fail', text, hint: 'set the clock: dates of mail and certificates depend on it' }
  },
}

export const programChecks: readonly Check[] = [node, ciphers, settings, clock]
