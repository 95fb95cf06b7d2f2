// What listeners speak: the names of [listen], and of the sockets that systemd opens.

export const protocols = ['imap', 'imaps', 'lmtp', 'smtp', 'sasl', 'web'] as const

export type Protocol = (typeof protocols)[number]
