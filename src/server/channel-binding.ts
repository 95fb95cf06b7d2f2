// Channel bindings of TLS connections, for SCRAM-SHA-256-PLUS: what both ends of one connection know, and nobody who sits in between.
import { TLSSocket } from 'node:tls'
import { endPointBinding } from '../crypto/certificate.ts'
import type { ImapSocket } from '../imap/socket.ts'
import type { ChannelBindingType } from '../sasl/scram.ts'

/** Undefined where the connection has none of that kind. */
export function channelBinding(socket: ImapSocket, type: ChannelBindingType): Buffer | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  switch (type) {
    case 'tls-exporter':
      // RFC 9266 §4.2: before TLS 1.3 it is good only with extended master secrets, of which Node says nothing.
      if (socket.getProtocol() !== 'TLSv1.3') return undefined
      return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    case 'tls-server-end-point': {
      const certificate = socket.getX509Certificate()
      return certificate && endPointBinding(certificate.raw)
    }
  }
}
