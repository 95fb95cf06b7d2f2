// Set-up by QR code in Thunderbird for Android: its documented format, version 1. As bytes: it holds a password.
import { secretBuffer } from '../../base/secret.ts'
import type { WebSettings } from '../settings.ts'

/** Of TLS in that format: 2 STARTTLS, 3 TLS from the first byte. */
const securities = { starttls: 2, tls: 3 } as const
const passwordCleartext = 1

/** Stands for the password while the rest is written; no address or name has it. */
const mark = '\uE003'

/** `[1,[1,1],[0,host,port,security,authentication,user,name,password],[[[0,...],[address,name]]]]`; undefined without a way in. */
export function thunderbirdQr(
  settings: WebSettings,
  address: string,
  name: string,
  password: Buffer,
): Buffer | undefined {
  const [way] = settings.incoming
  if (!way || name.includes(mark)) return undefined
  const incoming = [0, way.host, way.port, securities[way.security], passwordCleartext, address, name, mark]
  const { submission } = settings
  const outgoing = submission
    ? [
        [
          [
            0,
            submission.host,
            submission.port,
            submission.port === 465 ? 3 : 2,
            passwordCleartext,
            address,
            mark,
          ],
          [address, address],
        ],
      ]
    : []
  const pieces = JSON.stringify([1, [1, 1], incoming, outgoing])
    .split(mark)
    .map((piece) => Buffer.from(piece))
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0) + password.length * (pieces.length - 1)
  const bytes = secretBuffer(length)
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) at += password.copy(bytes, at)
    at += piece.copy(bytes, at)
  }
  return bytes
}
