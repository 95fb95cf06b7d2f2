// Limits on what is read out of one message; what lies beyond them stays in the message as plain octets.

/** Levels of multiparts and embedded messages. A deeper one is one opaque part, so no walk of the tree goes deeper. */
export const partDepth: number = 100
/** Parts of one message. Delimiters behind the last one are text of the last part. */
export const partsPerMessage: number = 10_000
/** Parameters read from one Content-Type or Content-Disposition (RFC 2231 pieces count one by one). */
export const parametersPerField: number = 500
/** A boundary is compared by its first octets (RFC 2046 §5.1.1 allows 70). */
export const boundaryBytes: number = 200
/** Type and subtype (RFC 6838 §4.2), encoding and charset names; longer ones are not what they say they are. */
export const tokenBytes: number = 127
/** Octets of headers, all parts together, that are read for fields; those of a thousand messages in one digest fit. */
export const headerBytesPerMessage: number = 4 * 1024 * 1024
/** Addresses in the ENVELOPEs of one message, its own first. The others are found in the header itself. */
export const addressesPerMessage: number = 20_000
