// QR codes as SVG in a data: URL, made as bytes: what they hold is secret.
import { create } from 'qrcode'
import { secretBuffer } from '../base/secret.ts'

const margin = 4

/** The caller wipes what comes back; the library's own tables of bits cannot be wiped. */
export function qrDataUrl(content: Buffer): Buffer {
  const { modules } = create([{ data: content, mode: 'byte' }], { errorCorrectionLevel: 'M' })
  const { size } = modules
  const side = size + 2 * margin
  const head =
    `data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22%20viewBox=%220,0,${side},${side}%22%3E` +
    `%3Crect%20width=%22${side}%22%20height=%22${side}%22%20fill=%22white%22/%3E%3Cpath%20fill=%22black%22%20d=%22`
  const tail = '%22/%3E%3C/svg%3E'
  const room = secretBuffer(head.length + size * size * 16 + tail.length)
  let at = room.write(head, 'latin1')
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (modules.get(row, column))
        at += room.write(`M${column + margin},${row + margin}h1v1h-1z`, at, 'latin1')
    }
  }
  at += room.write(tail, at, 'latin1')
  return room.subarray(0, at)
}
