// Finds the frames in a segment file from the file alone.
import { asBuffer } from '../../../base/bytes.ts'
import { maxRecoveryHeaderBytes } from '../../store.ts'
import type { OpenFile } from './files.ts'
import { addCrc, decodeFrame, frameBytes, frameHeaderBytes, frameMagic, segmentHeaderBytes } from './frame.ts'
import type { Frame } from './frame.ts'

const searchBytes = 64 * 1024
const copyBytes = 1024 * 1024

export interface FoundFrame extends Frame {
  readonly offset: number
  readonly bytes: number
}

/**
 * The first frame at or behind `from` whose header is whole and which ends within `sizeBytes`. Its body is not looked
 * at: a frame torn by a crash may promise bytes that others were later appended in. Go on behind a frame only when its
 * body is known to be whole, else at `offset + 1`.
 */
export async function nextFrame(
  file: OpenFile,
  account: Uint8Array,
  sizeBytes: number,
  from: number = segmentHeaderBytes,
): Promise<FoundFrame | undefined> {
  const head = Buffer.alloc(frameHeaderBytes + maxRecoveryHeaderBytes)
  for (let offset = from; offset + frameHeaderBytes <= sizeBytes;) {
    const length = await file.read(head, offset)
    const frame = decodeFrame(account, head.subarray(0, length))
    const bytes = frame && frameBytes(frame.recoveryHeader.length, frame.bodyBytes)
    if (frame && bytes !== undefined && offset + bytes <= sizeBytes) return { ...frame, offset, bytes }
    offset = await nextMagic(file, offset + 1, sizeBytes)
  }
  return undefined
}

/** Offset of the next frame magic at or behind `from`; `sizeBytes` when there is none. */
async function nextMagic(file: OpenFile, from: number, sizeBytes: number): Promise<number> {
  const window = Buffer.alloc(searchBytes)
  // Windows overlap by all but one byte of the magic, so that none is cut in two.
  for (let at = from; at < sizeBytes; at += searchBytes - frameMagic.length + 1) {
    const length = await file.read(window, at)
    const found = window.subarray(0, length).indexOf(frameMagic)
    if (found >= 0) return at + found
    if (length < searchBytes) break
  }
  return sizeBytes
}

/**
 * The bytes of a whole frame, in pieces. The last piece comes only when the body's CRC holds: otherwise the walk ends
 * with `false`.
 */
export async function* frameContents(
  file: OpenFile,
  frame: FoundFrame,
): AsyncGenerator<Uint8Array, boolean, undefined> {
  let crc = 0
  const bodyAt = frame.offset + frame.bytes - frame.bodyBytes
  const end = frame.offset + frame.bytes
  for (let at = frame.offset; at < end; at += copyBytes) {
    const piece = Buffer.allocUnsafe(Math.min(copyBytes, end - at))
    if ((await file.read(piece, at)) < piece.length) return false
    crc = addCrc(crc, asBuffer(piece).subarray(Math.max(0, bodyAt - at)))
    if (at + piece.length === end && crc !== frame.bodyCrc) return false
    yield piece
  }
  return true
}

/** True when the body's CRC holds. */
export async function isWhole(file: OpenFile, frame: FoundFrame): Promise<boolean> {
  const contents = frameContents(file, frame)
  for (;;) {
    const next = await contents.next()
    if (next.done) return next.value
  }
}
