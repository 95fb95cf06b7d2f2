// Domains in their two spellings: smtp-server hands over U-labels whatever the peer sent.
import { domainToASCII, domainToUnicode } from 'node:url'

/** `xn--bcher-kva.example` for `bücher.example`; others in lower case. */
export function asciiDomain(domain: string): string {
  return domainToASCII(domain) || domain.toLowerCase()
}

/** The address with its domain in A-labels. The local part, and a domain that is ASCII already, stay as they are. */
export function asciiAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  return at < 0 || /^[\u0000-\u007f]*$/.test(domain)
    ? address
    : address.slice(0, at + 1) + asciiDomain(domain)
}

/** The address with its domain in the other of its two spellings; undefined where it has but one. */
export function otherSpelling(address: string): string | undefined {
  const at = address.lastIndexOf('@') + 1
  const domain = address.slice(at)
  const other = /^[\u0000-\u007f]*$/.test(domain) ? domainInWords(domain) : asciiDomain(domain)
  return at === 0 || domain === '' || other === domain ? undefined : address.slice(0, at) + other
}

/** As people read it; the name itself where it is none. */
export function domainInWords(ascii: string): string {
  return domainToUnicode(ascii) || ascii
}
