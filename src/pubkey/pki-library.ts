// The library of certificates and CMS, read at the first use.
import type * as Asn1js from 'asn1js'
import type * as Pkijs from 'pkijs'

export type Pki = typeof Pkijs & { readonly asn1js: typeof Asn1js }

let loaded: Promise<Pki> | undefined

export function pki(): Promise<Pki> {
  loaded ??= Promise.all([import('pkijs'), import('asn1js')]).then(([pkijs, asn1js]) => ({
    ...pkijs,
    asn1js,
  }))
  return loaded
}
