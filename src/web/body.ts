// Reads a request's body: bounded in size and time, and without leaving copies behind.
import type { IncomingMessage } from 'node:http'
import { secretBuffer } from '../base/secret.ts'

/** Why a body was not taken: the status to answer with (RFC 9110 §15.5). */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused'
  readonly status: 400 | 408 | 413

  constructor(status: 400 | 408 | 413) {
    super(`body refused: ${status}`)
    this.status = status
  }
}

/** The whole body. The caller wipes it; what it was collected from is wiped. Throws BodyRefused. */
export function readBody(incoming: IncomingMessage, limitBytes: number, timeoutMs: number): Promise<Buffer> {
  const announced = Number(incoming.headers['content-length'] ?? 0)
  if (announced > limitBytes) return Promise.reject(new BodyRefused(413))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const finish = (outcome: () => void): void => {
      clearTimeout(timer)
      incoming.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut)
      incoming.pause()
      outcome()
      for (const chunk of chunks) chunk.fill(0)
    }
    const refuse = (status: 400 | 408 | 413): void => finish(() => reject(new BodyRefused(status)))
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      chunks.push(chunk)
      if (length > limitBytes) refuse(413)
    }
    const onEnd = (): void =>
      finish(() => {
        const body = secretBuffer(length)
        let at = 0
        for (const chunk of chunks) at += chunk.copy(body, at)
        resolve(body)
      })
    const onCut = (): void => refuse(400)
    const timer = setTimeout(() => refuse(408), timeoutMs)
    incoming.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut)
  })
}
