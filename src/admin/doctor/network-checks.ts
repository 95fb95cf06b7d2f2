// Checks of the listeners: they answer when the server runs, and can be bound when it does not.
import { stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import { formatAddress, parseAddress, type ListenAddress } from '../../config/units.ts'
import type { Check, Finding, Patient } from './check.ts'

export type Protocol = 'imap' | 'imaps' | 'lmtp' | 'smtp' | 'sasl' | 'web'

const protocols: readonly Protocol[] = ['imap', 'imaps', 'lmtp', 'smtp', 'web', 'sasl']
const timeoutMs = 5000

/** Where to reach a listener from this machine. */
export function localTarget(
  address: ListenAddress,
): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (address.kind === 'unix') return { path: address.path }
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host
  return { host, port: address.port }
}

interface Listener {
  readonly protocol: Protocol
  readonly address: ListenAddress
}

/** Where the server says it listens, which may be older than the settings; without a server, what the settings say. */
export function listenersOf({ config, server }: Patient): readonly Listener[] {
  if (server) {
    return server.listeners.flatMap((line) => {
      const [protocol = '', text = ''] = line.split(' ')
      const address = parseAddress(text)
      return address ? [{ protocol: protocol as Protocol, address }] : []
    })
  }
  const { listen } = config ?? {}
  return protocols.flatMap((protocol) => (listen?.[protocol] ?? []).map((address) => ({ protocol, address })))
}

/** The first line a server says, or '' where it is the client that speaks first. Rejects with a reason in words. */
function greeting(address: ListenAddress, speaksFirst: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(localTarget(address))
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`silent for ${timeoutMs / 1000} s`)))
    let text = ''
    socket.setEncoding('latin1')
    socket.on('connect', () => {
      if (speaksFirst) return
      socket.destroy()
      resolve('')
    })
    socket.on('data', (chunk: string) => {
      text += chunk
      if (!text.includes('\n') && text.length < 4096) return
      socket.destroy()
      resolve(text.split(/\r?\n/)[0] ?? '')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? error.message)))
    socket.on('end', () => reject(new Error('it hung up without a word')))
  })
}

const expected: Readonly<Record<Exclude<Protocol, 'imaps' | 'web'>, RegExp>> = {
  imap: /^\* (OK|PREAUTH)\b/,
  lmtp: /^220[ -]/,
  smtp: /^220[ -]/,
  sasl: /^VERSION\t/,
}

async function answers(protocol: Exclude<Protocol, 'imaps'>, address: ListenAddress): Promise<Finding> {
  const where = `${protocol} on ${formatAddress(address)}`
  try {
    const line = await greeting(address, protocol !== 'web')
    if (protocol === 'web' || expected[protocol].test(line))
      return { verdict: 'ok', text: `${where} answers` }
    return {
      verdict: 'fail',
      text: `${where}: something else answers there`,
      hint: `look who has it: ss -ltnp`,
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'no answer'
    return {
      verdict: 'fail',
      text: `${where} does not answer (${reason})`,
      hint: "the server's log says why",
    }
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'error'

function bindable(address: ListenAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    const done = () => server.close(() => resolve(undefined))
    if (address.kind === 'tcp')
      server.listen({ host: address.host, port: address.port, exclusive: true }, done)
    // The server takes its own old sockets away; binding here could break a new one.
    else
      stat(dirname(address.path)).then(
        () => resolve(undefined),
        (error: unknown) => resolve(codeOf(error)),
      )
  })
}

const hints: Readonly<Record<string, string>> = {
  ENOENT:
    'its directory must be there, writable for the server: install -d -o letterlock -g postfix -m 2750 DIR',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE, or root',
  EADDRINUSE: 'another program has it: ss -ltnp shows which',
  EADDRNOTAVAIL: 'this machine has no such address',
}

async function canBind(protocol: Protocol, address: ListenAddress): Promise<Finding> {
  const where = `${protocol} on ${formatAddress(address)}`
  const trouble = await bindable(address)
  if (trouble === undefined) return { verdict: 'ok', text: `${where} is free` }
  const hint = hints[trouble]
  return {
    verdict: 'fail',
    text: `${where} cannot be used (${trouble})`,
    ...(hint === undefined ? {} : { hint }),
  }
}

const listeners: Check = {
  id: 'listeners',
  title: 'listeners',
  async run(patient) {
    if (!patient.config) return { verdict: 'skip', text: 'no settings' }
    const findings: Finding[] = []
    for (const { protocol, address } of listenersOf(patient)) {
      if (!patient.server) findings.push(await canBind(protocol, address))
      // IMAP over TLS is looked at by the floor that speaks TLS.
      else if (protocol !== 'imaps') findings.push(await answers(protocol, address))
    }
    return findings
  },
}

export const networkChecks: readonly Check[] = [listeners]
