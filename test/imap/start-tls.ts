// The server's side of STARTTLS for the harness, with a certificate of its own.
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import type { ImapSocket } from '../../src/imap/socket.ts'

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
  curve: 'P-256',
})
const secureContext = createSecureContext({ key, cert })

/** PEM. */
export const certificate: string = cert

export const startTls = (socket: ImapSocket): Promise<ImapSocket> =>
  new Promise((resolve, reject) => {
    assert.ok(socket instanceof Socket)
    const encrypted = new TLSSocket(socket, { isServer: true, secureContext })
    encrypted.once('secure', () => resolve(encrypted))
    encrypted.once('error', reject)
    encrypted.once('close', () => reject(new Error('closed')))
  })
