// Whether a stored value has the form of a sealed thing of its kind, without any key: nothing readable may lie about (FORMAT.md §9).
import { asBuffer } from '../base/bytes.ts'
import { readArrival } from '../crypto/arrival.ts'
import { boxForm, boxKinds } from '../crypto/box.ts'
import { decodeSlotList } from '../crypto/slot-list.ts'
import { isDamage } from './refusing.ts'

/** Boxes by the letters of their keys. */
const boxes: Readonly<Record<string, number>> = {
  kk: boxKinds.keyset,
  n: boxKinds.manifest,
  L: boxKinds.list,
  m: boxKinds.message,
  p: boxKinds.messagePage,
  x: boxKinds.statePage,
  v: boxKinds.expungeHistory,
  t: boxKinds.searchText,
  c: boxKinds.logEntry,
}
/** What is sealed in a way that other parts know: at least it must not be text. */
const sealedOtherwise = new Set(['a', 'ku', 'kp', 'kpw', 'kpj'])
const cardBytes = 1 + 4 + 4 + 1216 + 32
const headBytes = 40
/** Marks say little, in little. */
const markBytes = 512
const account = Buffer.alloc(16)

const wrongForm = (what: string): string => `a value that is not the sealed ${what} that its key promises`

/** Sealed bytes look random: 37 of 100 are printable. Text has nearly nothing else. */
function looksReadable(bytes: Buffer): boolean {
  if (bytes.length < 32) return false
  let printable = 0
  for (const byte of bytes)
    if ((byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13) printable += 1
  return printable > bytes.length * 0.7
}

/** Why a value should not be there as it is; undefined: it has the form of what its key promises. */
export function formFault(key: Uint8Array, value: Uint8Array): string | undefined {
  const name = Buffer.from(key).toString('latin1')
  const bytes = asBuffer(value)
  const letter = name.startsWith('k') ? name : name.slice(0, 1)
  const kind = boxes[letter]
  if (kind !== undefined) return boxForm(bytes) === kind ? undefined : wrongForm('record')
  if (looksReadable(bytes)) return 'a value that can be read'
  switch (letter) {
    case 'ks':
      return parses(() => decodeSlotList(bytes)) ? undefined : wrongForm('slot list')
    case 'kc':
      return bytes.length === cardBytes ? undefined : wrongForm('delivery card')
    case 'h':
      return bytes.length === headBytes ? undefined : wrongForm('chain head')
    case 'd':
      return parses(() => readArrival(undefined, account, bytes)) ? undefined : wrongForm('arrival')
    case 'kj':
    case 'kr':
      return bytes.length <= markBytes ? undefined : wrongForm('mark')
    // Identifiers of bodies.
    case 'kq':
      return bytes.length % 16 === 1 ? undefined : wrongForm('list of bodies')
    default:
      return sealedOtherwise.has(letter) ? undefined : 'a record of an unknown kind'
  }
}

function parses(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}
