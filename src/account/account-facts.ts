// What an account remembers of itself beside its mailboxes: small values by number, in the log and the list (FORMAT.md §9.11).

/** Numbers of facts; no other is ever used. */
export const factNumbers = { trail: 1, escrow: 2, bodies: 3, witness: 18, publicKeys: 19 } as const
