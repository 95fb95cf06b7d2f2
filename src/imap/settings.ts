// What the site decides about IMAP, and the limits every connection lives under.

/** Decided by the site. */
export interface ImapSettings {
  /** LOGIN and AUTHENTICATE without TLS, from a loopback address only. */
  readonly allowPlainLogin: boolean
  /** APPEND takes messages of at most this many octets. */
  readonly maxMessageBytes: number
  /** Capabilities not to be advertised, for clients that trip over one. What they stand for keeps working. */
  readonly capabilitiesOff?: readonly string[]
}

/** Times and counts that bound one connection; tests make them small. */
export interface ImapLimits {
  /** From the greeting to a successful login, everything included. */
  readonly loginMs: number
  /** Between two commands; RFC 3501 §5.4 asks for at least 30 minutes. IDLE does not count. */
  readonly idleMs: number
  /** Between two `* OK Still here` in IDLE: keeps middleboxes and mobile clients from giving the connection up. */
  readonly keepAliveMs: number
  /** Between two signs of life from a command that takes long. */
  readonly progressMs: number
  /** A peer that reads nothing for so long, with answers waiting, is cut off. */
  readonly writeStallMs: number
  /** A command in progress may finish within this time after the connection was told to close. */
  readonly closeGraceMs: number
  /** Unknown, forbidden or malformed commands in a row. */
  readonly badCommandsBeforeLogin: number
  readonly badCommands: number
  readonly failedLogins: number
  /** Answers gathered before they are given to the socket. */
  readonly outputBytes: number
}

export const defaultImapLimits: ImapLimits = {
  loginMs: 60_000,
  idleMs: 30 * 60_000,
  keepAliveMs: 2 * 60_000,
  progressMs: 10_000,
  writeStallMs: 5 * 60_000,
  closeGraceMs: 5_000,
  badCommandsBeforeLogin: 3,
  badCommands: 20,
  failedLogins: 5,
  outputBytes: 64 * 1024,
}
