// What a connection runs on.
import type { Duplex } from 'node:stream'

/** A stream with an address, as `node:net` and `node:tls` make them. */
export interface ImapSocket extends Duplex {
  readonly remoteAddress?: string | undefined
}
