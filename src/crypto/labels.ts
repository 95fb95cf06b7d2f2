// Every domain-separation label, once (FORMAT.md §2), kept in the form in which it is hashed: behind its length as u8.

function label(name: string): Buffer {
  const text = Buffer.from(`letterlock/1 ${name}`, 'ascii')
  return Buffer.concat([Buffer.from([text.length]), text])
}

/** `LP8(label)` of each row of FORMAT.md's table. */
export const labels = {
  box: label('box'),
  body: label('body'),
  capsule: label('capsule'),
  slotSeed: label('slot seed'),
  slotList: label('slot list'),
  slotLabel: label('slot label'),
  scramSlot: label('scram slot'),
  scramVerifier: label('scram verifier'),
  scramSalt: label('scram salt'),
  keyset: label('keyset'),
  manifest: label('manifest'),
  log: label('log'),
  list: label('list'),
  mailbox: label('mailbox'),
  recoveryHeader: label('recovery header'),
  renewedBody: label('renewed body'),
  chain: label('chain'),
  serverSlot: label('server slot'),
  siteMac: label('site mac'),
  card: label('card'),
  arrival: label('arrival'),
  directory: label('directory entry'),
  alias: label('alias'),
  domain: label('domain'),
  site: label('site record'),
  partial: label('partial delivery'),
  partialName: label('partial delivery name'),
  trail: label('trail'),
  trailChain: label('trail chain'),
  escrow: label('escrow'),
  escrowShare: label('escrow share'),
  lockedLogin: label('locked login'),
  audit: label('audit'),
  backup: label('backup'),
  sealedSiteKey: label('sealed site key'),
  witness: label('witness'),
  slotUse: label('slot use'),
  publicKeys: label('public keys'),
  publicKeyNotices: label('public key notices'),
} as const
