// Exit codes of every command: sysexits(3), the ones mail programs have always used.

export const exitCodes = {
  ok: 0,
  /** `doctor` found something that fails; a demo step was not proven. */
  failed: 1,
  usage: 64,
  /** The data given is wrong: password, recovery code; or what was asked would lose mail. */
  data: 65,
  noUser: 67,
  /** No such slot, mailbox or message. */
  noMailbox: 68,
  /** The server or the store cannot be reached. */
  unavailable: 69,
  bug: 70,
  cannotCreate: 73,
  /** What was to be printed could not be written: the disk behind standard output is full. */
  outputLost: 74,
  temporary: 75,
  notPermitted: 77,
  configuration: 78,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
