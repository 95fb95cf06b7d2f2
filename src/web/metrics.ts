// /metrics: numbers for Prometheus on this machine; for everybody else there is no such page.
import type { IncomingMessage } from 'node:http'
import type { Log } from '../base/ports.ts'
import { isFromThisMachine } from './peer.ts'

/** undefined: whoever asks is told what is told of any page that is not there. */
export async function answerMetrics(
  metrics: () => Promise<string>,
  incoming: IncomingMessage,
  log: Log,
): Promise<Response | undefined> {
  if (!isFromThisMachine(incoming)) return undefined
  const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' }
  try {
    return new Response(await metrics(), { headers })
  } catch (error) {
    log.write('error', 'web.fault', {
      what: 'metrics',
      error: error instanceof Error ? error.name : typeof error,
    })
    return new Response('The numbers cannot be read now.\n', { status: 503, headers })
  }
}
