// The decryptor as a module, for tests that call its parts many times. Its file is plain JavaScript and no part of the build.
import { pathToFileURL } from 'node:url'
import { decryptorPath, type Index } from './support.ts'

export interface Slot {
  readonly id: Buffer
  readonly kind: number
  readonly label: Buffer
}

export interface SlotList {
  readonly slots: readonly Slot[]
}

export interface Decryptor {
  readonly Refusal: new (verdict: string, message: string) => Error & { readonly verdict: string }
  H(bytes: Buffer): Buffer
  derive(key: Buffer, label: string, context?: Buffer): Buffer
  openBox(key: Buffer, kind: number, place: Buffer, box: Buffer): Buffer
  openBody(
    readAt: (offset: number, length: number) => Buffer,
    length: number,
    messageKey: Buffer,
    account: Buffer,
    blob: Buffer,
    size: number,
  ): Iterable<Buffer>
  publicKeyOf(seed: Buffer): Buffer
  openCapsule(seed: Buffer, kind: number, place: Buffer, capsule: Buffer): Buffer
  readSlotList(value: Buffer): SlotList
  /** Of a SCRAM slot the secret is a password and the site's key. */
  openSlot(
    account: Buffer,
    list: SlotList,
    slot: Slot,
    secret: Buffer | { readonly password: Buffer; readonly siteKey: Buffer },
    leastMemory?: number,
  ): Promise<Buffer>
  openScramVerifier(account: Buffer, slot: Slot, siteKey: Buffer): Buffer
  verifySlotList(account: Buffer, list: SlotList, volumeKey: Buffer): void
  readRecoveryCode(text: string): Buffer
  readAppPassword(text: string): { readonly hint: number; readonly secret: Buffer }
  readLabel(bytes: Buffer): { readonly name: string; readonly protocols: number; readonly expires: number }
  openKeyset(
    account: Buffer,
    volumeKey: Buffer,
    vkVersion: number,
    value: Buffer,
  ): {
    readonly version: number
    readonly epochs: ReadonlyMap<number, { readonly seed: Buffer; readonly root: Buffer }>
  }
  readCard(
    account: Buffer,
    value: Buffer,
    siteKey?: Buffer,
  ): { readonly epoch: number; readonly keysetVersion: number; readonly publicKey: Buffer }
  readArrival(
    account: Buffer,
    value: Buffer,
    siteKey?: Buffer,
  ): { readonly previousHead: Buffer; readonly blob: Buffer; readonly capsule: Buffer }
  nextHead(account: Buffer, version: number, previous: Buffer, entryHash: Buffer): Buffer
  openRecoveryKey(
    value: Buffer,
    passwords: readonly Buffer[],
    siteKey: Buffer | undefined,
    leastMemory?: number,
  ): Promise<Buffer>
  isLockedLogin(account: Buffer, value: Buffer, password: Buffer, leastMemory?: number): Promise<boolean>
  verifyManifest(siteKey: Buffer, value: Buffer): Buffer
  openSiteKeyFile(value: Buffer, passphrase: Buffer, leastMemory?: number): Promise<Buffer>
  readOwnKeys(
    account: Buffer,
    value: Buffer,
    siteKey?: Buffer,
  ): { readonly serial: number; readonly keys: readonly { readonly fingerprint: Buffer }[] }
  openRecoveryHeader(
    account: Buffer,
    blob: Buffer,
    header: Buffer,
    keys: { readonly seed: Buffer; readonly root: Buffer },
  ): Buffer
  readWitness(
    account: Buffer,
    value: Buffer,
    root: Buffer,
  ): { readonly version: number; readonly head: Buffer; readonly epoch: number }
  readSiteRecord(value: Buffer, siteKey: Buffer): Buffer
  replayLogEntry(data: Buffer): {
    readonly previousHead: Buffer
    readonly mailboxes: readonly {
      readonly id: Buffer
      readonly uidValidity: number
      readonly shownUidValidity?: number
    }[]
  }
  readAuditLine(siteKey: Buffer, line: Buffer): Buffer
  nextTrailHead(account: Buffer, number: number, previous: Buffer, entry: Buffer): Buffer
  readMessageRecord(data: Buffer): {
    readonly messageKey: Buffer
    readonly blob: Buffer
    readonly firstBlob: Buffer
    readonly size: number
  }
  decryptExport(
    exportPath: string,
    outDir: string,
    secret: { readonly kind: number; readonly name: string; readonly bytes: Buffer; readonly hint?: number },
    options: { readonly siteKey?: Buffer; readonly isSalvage?: boolean },
  ): Promise<Index>
}

export async function loadDecryptor(): Promise<Decryptor> {
  return (await import(pathToFileURL(decryptorPath).href)) as Decryptor
}
