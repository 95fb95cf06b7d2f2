// What an engine checks of its arguments: sizes and shapes, each refused in words.
import { maxTransactionBytes, maxValueBytes } from '../base/limits.ts'
import { Refused } from './errors.ts'
import { accountIdBytes, blobIdBytes, maxKeyBytes, maxRecoveryHeaderBytes } from './store.ts'

export function checkAccountId(id: Uint8Array): void {
  if (id.length !== accountIdBytes) throw new RangeError(`an account id has ${accountIdBytes} bytes`)
}

export function checkBlobId(id: Uint8Array): void {
  if (id.length !== blobIdBytes) throw new RangeError(`a blob id has ${blobIdBytes} bytes`)
}

export function checkKey(key: Uint8Array): void {
  if (key.length === 0) throw new RangeError('a key has at least one byte')
  if (key.length > maxKeyBytes) {
    throw new Refused('too-large', `a key of ${key.length} bytes; at most ${maxKeyBytes} are allowed`)
  }
}

export function checkValue(value: Uint8Array): void {
  if (value.length > maxValueBytes) {
    throw new Refused('too-large', `a value of ${value.length} bytes; at most ${maxValueBytes} are allowed`)
  }
}

export function checkTransactionBytes(bytes: number): void {
  if (bytes > maxTransactionBytes) {
    throw new Refused('too-large', `a transaction of over ${maxTransactionBytes} bytes; split it`)
  }
}

export function checkRecoveryHeader(header: Uint8Array): void {
  if (header.length > maxRecoveryHeaderBytes) {
    throw new Refused(
      'too-large',
      `a recovery header of ${header.length} bytes; at most ${maxRecoveryHeaderBytes} are allowed`,
    )
  }
}

/** A directory or site name: 1 to `maxKeyBytes` bytes of UTF-8. */
export function checkName(name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes === 0) throw new RangeError('a name has at least one byte')
  if (bytes > maxKeyBytes) {
    throw new Refused('too-large', `a name of ${bytes} bytes; at most ${maxKeyBytes} are allowed`)
  }
}

export function checkSpan(start: number, end: number): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`not a range of bytes: ${start} to ${end}`)
  }
}

export function checkCount(bytes: number): void {
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`not a number of bytes: ${bytes}`)
}
