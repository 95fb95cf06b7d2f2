// What the way adds to a message, field by field: only this may stand before the octets of the file.
import { postfixHost } from './postfix.ts'

/** Envelope senders that say which message it is. */
export function senderOf(number: number): string {
  return `m${number}@sender.test`
}

/** How a message came to the server. */
export type Way = 'postfix' | 'swaks' | 'lmtp'

/** The Return-Path, Delivered-To and Received fields that the server itself writes first. */
function ownFields(recipient: string): RegExp {
  const address = recipient.replaceAll('.', '\\.')
  return new RegExp(
    `^Return-Path: <m(\\d+)@sender\\.test>\\r\\nDelivered-To: ${address}\\r\\n` +
      `Received: from \\S+ \\(\\[127\\.0\\.0\\.1\\]\\)\\r\\n\\tby e2e\\.test with E?LMTP id \\S+\\r\\n` +
      `\\tfor <${address}>; [^\\r\\n]+\\r\\n`,
  )
}

/** The one Received field that Postfix writes. */
function postfixField(recipient: string): RegExp {
  const host = postfixHost.replaceAll('.', '\\.')
  return new RegExp(
    `^Received: from \\S+ \\(localhost \\[127\\.0\\.0\\.1\\]\\)\\r\\n\\tby ${host} \\(Postfix\\) with ESMTP id \\S+\\r\\n` +
      `\\tfor <${recipient.replaceAll('.', '\\.')}>; [^\\r\\n]+\\r\\n`,
  )
}

export interface Untraced {
  /** Of the envelope sender. */
  readonly number: number
  /** Without the fields that were added. */
  readonly bytes: Buffer
}

/** Takes off exactly the fields that the way has added. Throws when they are not there, or not in this form. */
export function withoutTrace(message: Buffer, recipient: string, wayOf: (number: number) => Way): Untraced {
  const head = message.toString('latin1', 0, 2_000)
  const own = ownFields(recipient).exec(head)
  if (!own) throw new Error(`no trace of delivery: ${head.slice(0, 400)}`)
  const number = Number(own[1])
  let length = own[0].length
  if (wayOf(number) === 'postfix') {
    const relay = postfixField(recipient).exec(head.slice(length))
    if (!relay) throw new Error(`no trace of Postfix: ${head.slice(0, 600)}`)
    length += relay[0].length
  }
  return { number, bytes: message.subarray(length) }
}
