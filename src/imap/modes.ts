// What a client has switched on for the rest of its connection: by ENABLE (RFC 5161) or by naming MODSEQ (RFC 7162 §3.1).

/** All off at first. Nothing is switched off again but by UNAUTHENTICATE. */
export interface SessionModes {
  /** Every untold FETCH carries UID and MODSEQ (RFC 7162 §3.2.4). */
  isCondstore: boolean
  /** VANISHED in place of EXPUNGE (RFC 7162 §3.2.10). */
  isQresync: boolean
}

export function noModes(): SessionModes {
  return { isCondstore: false, isQresync: false }
}
