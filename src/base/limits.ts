// Every size, count and time limit, each with its reason.

/** One value in the store. Larger things are blobs or pages. */
export const maxValueBytes: number = 64 * 1024
/** One transaction: what LevelDB takes in one batch without stalling others. */
export const maxTransactionBytes: number = 16 * 1024 * 1024
/** Chunk of a sealed body: large enough for full cipher speed, small enough to hold one per stream. */
export const chunkBytes: number = 64 * 1024
/** A message, unless the site says otherwise. */
export const defaultMessageBytes: number = 50 * 1024 * 1024
/** Header block kept ready beside the envelope; a longer one is read from the body. */
export const cachedHeaderBytes: number = 16 * 1024
/** ENVELOPE plus structures kept ready; longer ones are made anew from the body. */
export const cachedStructureBytes: number = 16 * 1024
/** Flags and keywords: one keyword, and keywords in one mailbox. */
export const keywordBytes: number = 128
export const keywordsPerMailbox: number = 256
/** Mailbox names in UTF-8 bytes, and levels of hierarchy. */
export const mailboxNameBytes: number = 1000
export const mailboxDepth: number = 32
export const mailboxesPerAccount: number = 10_000
/** Annotations (RFC 5464, which asks for 1,024 bytes a value and ten entries at least): an entry's name, a value, all of an account. */
export const annotationEntryBytes: number = 1024
export const annotationValueBytes: number = 16 * 1024
export const annotationBytesPerAccount: number = 256 * 1024
/** Password bytes accepted before any work is done on them. */
export const passwordBytes: number = 1024
/** Targets of one alias, and accounts that mail for one address may reach in all: each gets a copy sealed to it. */
export const aliasTargets: number = 500
export const aliasReach: number = 1000
/** Octets of one alias's targets together: its record is one value of the store, and a row with it and all that it reaches goes through one frame. */
export const aliasTargetBytes: number = 48 * 1024
