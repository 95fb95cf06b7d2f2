// ID's list of fields and values, under the limits of RFC 2971 §3.3.
import type { ArgumentReader } from './arguments.ts'

/** `SP (NIL / "(" string SP nstring ... ")")`, to the end; fields in small letters. At most 30 fields, 30 and 1,024 octets. */
export function readIdParameters(reader: ArgumentReader): ReadonlyMap<string, string | undefined> {
  throw new Error(reader.peek())
}
