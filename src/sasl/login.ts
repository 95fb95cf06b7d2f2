// LOGIN (draft-murchison-sasl-login): user name and password, each asked for. Old clients know nothing else.
import { credentials, failed, readUsername } from './credentials.ts'
import type { Mechanism, SaslExchange, SaslStep } from './mechanism.ts'

// The exact prompts matter: some clients compare them.
const askUsername = (): SaslStep => ({ kind: 'challenge', bytes: Buffer.from('Username:') })
const askPassword = (): SaslStep => ({ kind: 'challenge', bytes: Buffer.from('Password:') })

export const login: Mechanism = { name: 'LOGIN', begin: () => new LoginExchange() }

class LoginExchange implements SaslExchange {
  #username: string | undefined

  start(initial: Buffer | undefined): SaslStep {
    // Some clients send an empty initial response instead of none.
    return initial === undefined || initial.length === 0 ? askUsername() : this.respond(initial)
  }

  respond(response: Buffer): SaslStep {
    if (this.#username !== undefined) return credentials(this.#username, response)
    this.#username = readUsername(response)
    return this.#username === undefined ? failed('malformed') : askPassword()
  }

  wipe(): void {
    this.#username = undefined
  }
}
