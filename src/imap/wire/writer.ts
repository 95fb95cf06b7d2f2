// Responses: the only place that decides between atom, quoted string and literal.
import type { ResponseCode } from './response-code.ts'

/** OK, NO and BAD end commands; BYE and PREAUTH are only ever untagged (RFC 3501 §7.1). */
export type StatusKind = 'OK' | 'NO' | 'BAD'

/** Gathers responses into few buffers. Calls chain. Large byte strings are kept by reference: do not change them afterwards. */
export class ResponseWriter {
  /** UTF8=ACCEPT is enabled: mailbox names go out as UTF-8. */
  isUtf8: boolean = false

  /** Bytes written and not yet taken. */
  get sizeBytes(): number {
    throw new Error()
  }
  /** Hands over what was written, in order, and begins anew. */
  take(): Buffer[] {
    throw new Error()
  }

  /** `* `: begins an untagged response; close it with `end()`. */
  untagged(): this {
    throw new Error()
  }
  /** CR LF. */
  end(): this {
    throw new Error()
  }
  /** `* ` + text + CR LF; ASCII that the caller vouches for. */
  untaggedLine(text: string): this {
    throw new Error(text)
  }
  /** Tagged status response. */
  tagged(tag: string, kind: StatusKind, text: string, code?: ResponseCode): this {
    throw new Error(tag + kind + text + String(code))
  }
  untaggedStatus(kind: StatusKind | 'BYE' | 'PREAUTH', text: string, code?: ResponseCode): this {
    throw new Error(kind + text + String(code))
  }
  /** `+ ` text CR LF. */
  continuation(text: string): this {
    throw new Error(text)
  }

  /** ASCII as it is: atoms, spaces, parentheses. */
  text(ascii: string): this {
    throw new Error(ascii)
  }
  /** Ready-made wire bytes as they are. */
  bytes(bytes: Uint8Array): this {
    throw new Error(String(bytes.length))
  }
  number(value: number): this {
    throw new Error(String(value))
  }
  /** Atom if it can be one, else as `string`. */
  astring(value: string | Uint8Array): this {
    throw new Error(String(value))
  }
  /** Quoted if it can be, else a literal. */
  string(value: string | Uint8Array): this {
    throw new Error(String(value))
  }
  /** NIL for undefined. */
  nstring(value: string | Uint8Array | undefined): this {
    throw new Error(String(value))
  }
  /** `{n}` CR LF and the bytes, whatever they are. */
  literal(bytes: Uint8Array): this {
    throw new Error(String(bytes.length))
  }
  /** Only `{n}` CR LF: exactly `sizeBytes` must follow by `bytes`. */
  literalHead(sizeBytes: number): this {
    throw new Error(String(sizeBytes))
  }
  /** A mailbox name. */
  mailbox(name: string): this {
    throw new Error(name)
  }
  /** `(` flags `)`. */
  flags(flags: readonly string[]): this {
    throw new Error(String(flags))
  }
  /** Quoted date-time. */
  dateTime(epochMs: number, zoneMinutes: number): this {
    throw new Error(String(epochMs + zoneMinutes))
  }
}
