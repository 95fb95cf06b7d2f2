// PLAIN (RFC 4616): identity, user name and password in one message.
import { equalBytes } from '../base/bytes.ts'
import { credentials, failed, readUsername } from './credentials.ts'
import type { Mechanism, SaslExchange, SaslStep } from './mechanism.ts'

export const plain: Mechanism = {
  name: 'PLAIN',
  begin: (): SaslExchange => ({
    start: (initial) =>
      initial === undefined ? { kind: 'challenge', bytes: Buffer.alloc(0) } : readMessage(initial),
    respond: readMessage,
    wipe() {
      /* nothing is kept between steps */
    },
  }),
}

// message = [authzid] UTF8NUL authcid UTF8NUL passwd
function readMessage(message: Buffer): SaslStep {
  const first = message.indexOf(0)
  const second = message.indexOf(0, first + 1)
  if (first < 0 || second < 0) return failed('malformed')
  const authorizationId = message.subarray(0, first)
  const username = message.subarray(first + 1, second)
  // RFC 4616 §2: acting as somebody else is for servers that allow it; this one has no such right to give.
  if (authorizationId.length > 0 && !equalBytes(authorizationId, username)) return failed('authorization')
  return credentials(readUsername(username), message.subarray(second + 1))
}
