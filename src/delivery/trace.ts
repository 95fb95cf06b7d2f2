// The trace fields that the last hop writes before a message (RFC 5321 §4.4).

import { asciiAddress, asciiDomain } from '../base/domain.ts'

export interface TraceFacts {
  /** Reverse-path; empty for the null sender. */
  readonly sender: string
  /** As given in RCPT. */
  readonly recipient: string
  readonly helo: string
  /** Address of the peer; empty on a Unix socket. */
  readonly remoteAddress: string
  readonly hostname: string
  /** `LMTP`, `ESMTPS`, ... (RFC 3848). */
  readonly protocol: string
  readonly isUtf8: boolean
  readonly id: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** A name that the peer chose: nothing in it may look like a comment, a quote or another clause. */
function plain(name: string): string {
  return name.replace(/[^\p{L}\p{N}.:_[\]-]/gu, '?').slice(0, 255)
}

// RFC 6531 §4.3: UTF8SMTP, UTF8LMTPS and so on when SMTPUTF8 was asked for.
function protocolWord({ protocol, isUtf8 }: TraceFacts): string {
  return isUtf8 ? `UTF8${protocol.replace(/^E/, '')}` : protocol
}

function literal(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`
}

/** Return-Path, Delivered-To and Received, each line ending in CRLF. */
export function traceFields(facts: TraceFacts): Buffer {
  // Without SMTPUTF8 whoever reads the header may not know UTF-8.
  const shown = (address: string): string => (facts.isUtf8 ? address : asciiAddress(address))
  const from = facts.remoteAddress === '' ? 'local' : literal(facts.remoteAddress)
  const date = new Date(facts.now).toUTCString().replace('GMT', '+0000')
  return Buffer.from(
    `Return-Path: <${shown(facts.sender)}>\r\n` +
      `Delivered-To: ${shown(facts.recipient)}\r\n` +
      `Received: from ${plain(facts.helo)} (${from})\r\n` +
      `\tby ${asciiDomain(facts.hostname)} with ${protocolWord(facts)} id ${facts.id}\r\n` +
      `\tfor <${shown(facts.recipient)}>; ${date}\r\n`,
  )
}
