// What verifying an account finds. Types only.

/** Something that is not as it must be. Names of mailboxes are the owner's: never for a log. */
export interface Finding {
  /** It does not open; is not there; should not be there; or two things that must agree do not. */
  readonly kind: 'damaged' | 'missing' | 'stray' | 'differs'
  readonly mailbox?: string
  readonly uid?: number
  readonly text: string
}

export interface VerifyReport {
  readonly mailboxes: number
  readonly messages: number
  readonly octets: number
  readonly records: number
  /** False: others changed the account all the time, so that bodies and messages could not be counted at one moment. */
  readonly areBodiesCompared: boolean
  /** At most 1,000 of them. */
  readonly findings: readonly Finding[]
  readonly findingCount: number
}
