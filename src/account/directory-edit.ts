// Changes a directory entry as it is at that moment: others may have changed it since it was read.
import { encodeEntry, decodeEntry, findEntry, type DirectoryEntry, type EntryState } from './directory.ts'
import { fieldOf, withField, type EntryField } from './directory-fields.ts'
import { Refusal } from './errors.ts'
import { asRefusal, refusing } from './refusing.ts'
import { Conflict } from '../store/errors.ts'
import type { Site } from './unlocked-account.ts'

/** How often a change of an entry is made anew because somebody else changed it meanwhile. */
const editTries = 20

export type EntryHome = Pick<Site, 'store' | 'siteKey'>

/** The entry of the same account as it is now. Refuses with 'no-such-account', also when another account has the address. */
export async function presentEntry(home: EntryHome, entry: DirectoryEntry): Promise<DirectoryEntry> {
  const present = await findEntry(home, entry.address)
  if (!present?.account.equals(entry.account)) throw new Refusal('no-such-account', 'No such account')
  return present
}

/** Durable when it resolves, to what is stored then. `change` may be called again. */
export async function editEntry(
  home: EntryHome,
  entry: DirectoryEntry,
  change: (present: DirectoryEntry) => Partial<EntryState>,
): Promise<DirectoryEntry> {
  const { store, siteKey } = home
  let present = entry
  for (let tries = 0; ; tries += 1) {
    const bytes = encodeEntry(siteKey, entry.address, entry.account, { ...present, ...change(present) })
    try {
      await store.directory.put(entry.address, bytes, present.bytes)
      return decodeEntry(siteKey, entry.address, bytes)
    } catch (error) {
      if (!(error instanceof Conflict) || tries >= editTries) throw asRefusal(error)
    }
    present = await refusing(() => presentEntry(home, entry))
  }
}

/** Sets one field from the value that is there; the others stay as they are then. */
export function changeField<T>(
  home: EntryHome,
  entry: DirectoryEntry,
  field: EntryField<T>,
  make: (present: T) => T,
): Promise<DirectoryEntry> {
  return editEntry(home, entry, ({ fields }) => ({
    fields: withField(fields, field, make(fieldOf(fields, field))),
  }))
}

/** Takes a field out of an entry that had it when it was read. */
export async function clearField<T>(
  home: EntryHome,
  entry: DirectoryEntry,
  field: EntryField<T | undefined>,
): Promise<void> {
  if (fieldOf(entry.fields, field) !== undefined) await changeField(home, entry, field, () => undefined)
}
