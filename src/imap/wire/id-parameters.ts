// ID's list of fields and values, under the limits of RFC 2971 §3.3.
import type { ArgumentReader } from './arguments.ts'

const maxFields = 30
const maxFieldBytes = 30
const maxValueBytes = 1024

// id = "ID" SP id-params-list; id-params-list = "(" #(string SP nstring) ")" / nil
/** Arguments of ID, to the end; fields in small letters. What a client says of itself is not to be believed or acted on. */
export function readIdParameters(reader: ArgumentReader): ReadonlyMap<string, string | undefined> {
  const parameters = new Map<string, string | undefined>()
  reader.space()
  if (reader.tryKeyword('NIL') === undefined) {
    let fields = 0
    reader.list(
      () => {
        fields += 1
        const field = reader.string()
        if (fields > maxFields || field.length > maxFieldBytes) reader.fail('too much for ID')
        reader.space()
        const value = reader.nstring()
        if (value && value.length > maxValueBytes) reader.fail('too much for ID')
        parameters.set(field.toString().toLowerCase(), value?.toString())
      },
      { mayBeEmpty: true },
    )
  }
  reader.end()
  return parameters
}
