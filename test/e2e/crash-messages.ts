// Messages that their marker alone determines, octet for octet.
import assert from 'node:assert/strict'
import { SeededRandom } from '../bench/random.ts'

const line = 'All of this must come back, exactly as it went, once and only once.\r\n'

/** Makes markers `m1`, `m2`, ... that no other message has. */
export function markerSource(): () => string {
  let count = 0
  return () => `m${++count}`
}

/** The message of a marker: mostly small, sometimes 40 KB, now and then so large that it is stored in another way. */
export function messageOf(marker: string): Buffer {
  const kind = new SeededRandom(Number(marker.slice(1))).below(100)
  const sizeBytes = kind === 0 ? 400_000 : kind < 4 ? 40_000 : 500 + kind * 40
  const head = `X-Marker: ${marker}\r\nSubject: message ${marker}\r\n\r\n`
  return Buffer.from(head + line.repeat(Math.ceil(sizeBytes / line.length)))
}

/** The marker of a message, whatever trace stands before it. */
export function markerOf(message: Buffer): string {
  const marker = /^X-Marker: (m\d+)\r$/m.exec(message.toString('latin1', 0, 2_000))?.[1]
  assert.ok(marker !== undefined, 'a message without a marker')
  return marker
}
