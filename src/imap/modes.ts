// What a client has switched on for the rest of its connection: by ENABLE (RFC 5161) or by naming MODSEQ (RFC 7162 §3.1).

/** All off at first. Nothing is switched off again but by UNAUTHENTICATE. */
export interface SessionModes {
  /** Every untold FETCH carries UID and MODSEQ (RFC 7162 §3.2.4). */
  isCondstore: boolean
  /** VANISHED in place of EXPUNGE (RFC 7162 §3.2.10). */
  isQresync: boolean
  /** RFC 9051: no \Recent, ESEARCH for SEARCH, LIST in SELECT. */
  isRev2: boolean
  /** Mailbox names go both ways in UTF-8 (RFC 6855 §3, RFC 9051 §5.1). */
  isUtf8: boolean
  /** RFC 6855 §3: SEARCH must not name a charset. */
  isUtf8Accept: boolean
}

export function noModes(): SessionModes {
  return { isCondstore: false, isQresync: false, isRev2: false, isUtf8: false, isUtf8Accept: false }
}
