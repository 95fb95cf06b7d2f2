// What the directory says of an account's slots (FORMAT.md §8.3): where the main password is good, and which app passwords are revoked.
import { hex, fromHex, MalformedRecord } from '../base/bytes.ts'
import { entryField, type EntryField } from './directory-fields.ts'

export type MainPasswordUse = 'everywhere' | 'web-only'

/** Where the main password is taken. */
export const mainPasswordUseField: EntryField<MainPasswordUse> = entryField<MainPasswordUse>(
  'mainPasswordUse',
  {
    standard: 'everywhere',
    decode(from) {
      if (from.u8() !== 1) throw new MalformedRecord('main password use of an unknown kind')
      return 'web-only'
    },
    encode(to, use) {
      if (use === 'web-only') to.u8(1)
    },
  },
)

/** Slots that open nothing any more although they are still in the list: identifiers in hexadecimal. */
export const revokedSlotsField: EntryField<readonly string[]> = entryField<readonly string[]>(
  'revokedSlots',
  {
    standard: [],
    decode: (from) => Array.from({ length: from.u8() }, () => hex(from.fixed(16))),
    encode(to, slots) {
      if (slots.length === 0) return
      to.u8(slots.length)
      for (const slot of slots) to.fixed(fromHex(slot))
    },
  },
)
