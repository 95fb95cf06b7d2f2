// The OpenPGP library: 17 MB of it, read at the first use.
import type * as OpenPgp from 'openpgp'

let loaded: Promise<typeof OpenPgp> | undefined

export function openPgp(): Promise<typeof OpenPgp> {
  loaded ??= import('openpgp').then((library) => {
    // What comes in is an owner's own key: nothing beside it (comments, versions) is told to those who see the message.
    library.config.showVersion = false
    library.config.showComment = false
    // Bounds on what a hostile key may make it do.
    library.config.maxUserIDLength = 4096
    library.config.maxArgon2MemoryExponent = 16
    return library
  })
  return loaded
}
