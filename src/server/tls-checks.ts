// The checks of `doctor` that speak TLS: the certificate's files, and what the listeners show.
import { checkServerIdentity, connect } from 'node:tls'
import type { Check, Finding } from '../admin/doctor/check.ts'
import { listenersOf, localTarget } from '../admin/doctor/network-checks.ts'
import { counted } from '../admin/words.ts'
import { formatAddress, type ListenAddress } from '../config/units.ts'
import { readCertificate } from './tls.ts'

const dayMs = 24 * 3_600_000
const timeoutMs = 5000

const certificate: Check = {
  id: 'certificate',
  title: 'certificate',
  async run({ config }) {
    if (!config) return { verdict: 'skip', text: 'no settings' }
    const { expiresAt } = await readCertificate(config.tls)
    const days = Math.floor((expiresAt - Date.now()) / dayMs)
    const hint = 'renew it; the server sees a new file by itself'
    if (days < 0)
      return { verdict: 'fail', text: `the certificate expired ${counted(-days, 'day')} ago`, hint }
    const text = `certificate and key belong together; valid for ${counted(days, 'day')} more`
    return days < 14 ? { verdict: 'warn', text, hint } : { verdict: 'ok', text }
  },
}

interface Handshake {
  readonly greeting: string
  readonly version: string
  /** Why a mail program would not trust it; undefined when it would. */
  readonly distrust: string | undefined
}

function handshake(address: ListenAddress, hostname: string): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    // Whether it is trusted is what is looked at, so distrust must not end the connection. No secret is sent over it.
    const socket = connect({ ...localTarget(address), servername: hostname, rejectUnauthorized: false })
    let text = ''
    socket.setEncoding('latin1')
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`silent for ${timeoutMs / 1000} s`)))
    socket.on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? error.message)))
    socket.on('end', () => reject(new Error('it hung up without a word')))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (!text.includes('\n') && text.length < 4096) return
      const wrongName = checkServerIdentity(hostname, socket.getPeerCertificate())
      const distrust = wrongName
        ? `it is not for ${hostname}`
        : socket.authorized
          ? undefined
          : String(socket.authorizationError)
      resolve({ greeting: text.split(/\r?\n/)[0] ?? '', version: socket.getProtocol() ?? 'TLS', distrust })
      socket.destroy()
    })
  })
}

async function look(address: ListenAddress, hostname: string): Promise<Finding[]> {
  const where = `imaps on ${formatAddress(address)}`
  try {
    const { greeting, version, distrust } = await handshake(address, hostname)
    if (!/^\* (OK|PREAUTH)\b/.test(greeting))
      return [{ verdict: 'fail', text: `${where}: something else answers there` }]
    const answers: Finding = { verdict: 'ok', text: `${where} answers with ${version}` }
    if (distrust === undefined) return [answers]
    return [
      answers,
      {
        verdict: 'warn',
        text: `mail programs will not trust its certificate by themselves: ${distrust}`,
        hint: `a public certificate for ${hostname} (certbot, Caddy) in tls.cert and tls.key avoids that`,
      },
    ]
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'no answer'
    return [
      { verdict: 'fail', text: `${where} does not answer (${reason})`, hint: "the server's log says why" },
    ]
  }
}

const handshakes: Check = {
  id: 'tls',
  title: 'TLS',
  async run(patient) {
    const { config, server } = patient
    if (!config) return { verdict: 'skip', text: 'no settings' }
    if (!server) return { verdict: 'skip', text: 'no server runs: nothing to shake hands with' }
    const found: Finding[] = []
    for (const { protocol, address } of listenersOf(patient)) {
      if (protocol === 'imaps') found.push(...(await look(address, config.hostname)))
    }
    return found
  },
}

export const tlsChecks: readonly Check[] = [certificate, handshakes]
