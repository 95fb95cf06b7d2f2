// SORT and THREAD arguments: an order, or an algorithm, in front of a search program (RFC 5256 §5, RFC 5957 §4).
import type { SortField, SortKey } from '../../account/sort.ts'
import type { ThreadAlgorithm } from '../../account/thread.ts'
import type { ArgumentReader } from './arguments.ts'
import { readSearchProgram, type SearchProgram } from './search-keys.ts'
import { readReturns, type SearchReturns } from './search-returns.ts'

export interface SortArguments extends SearchProgram {
  readonly returns: SearchReturns | undefined
  /** Not empty; no field twice, since the second could not decide anything. */
  readonly keys: readonly SortKey[]
}

export interface ThreadArguments extends SearchProgram {
  readonly algorithm: ThreadAlgorithm
}

const fields = [
  'ARRIVAL',
  'CC',
  'DATE',
  'DISPLAYFROM',
  'DISPLAYTO',
  'FROM',
  'SIZE',
  'SUBJECT',
  'TO',
] as const satisfies readonly SortField[]

// sort = "SORT" [search-return-opts] SP sort-criteria SP search-criteria
/** All of SORT, to the command's end. */
export function readSortArguments(reader: ArgumentReader): SortArguments {
  reader.space()
  const returns = reader.tryKeyword('RETURN') && readReturns(reader)
  // CONTEXT=SORT (RFC 5267 §4) is not offered.
  if (returns?.options.includes('UPDATE')) {
    reader.fail('no updates for SORT')
  }
  const keys = reader.list(() => readSortKey(reader))
  const program = readCriteria(reader)
  return { ...program, returns, keys: keys.filter(isFirstOfItsField) }
}

// sort-criterion = ["REVERSE" SP] sort-key
function readSortKey(reader: ArgumentReader): SortKey {
  const isReversed = reader.tryKeyword('REVERSE') !== undefined
  if (isReversed) reader.space()
  return { field: reader.keyword(...fields), isReversed }
}

function isFirstOfItsField({ field }: SortKey, index: number, keys: readonly SortKey[]): boolean {
  return keys.findIndex((key) => key.field === field) === index
}

// thread = "THREAD" SP thread-alg SP search-criteria
/** All of THREAD, to the command's end. */
export function readThreadArguments(reader: ArgumentReader): ThreadArguments {
  reader.space()
  const algorithm = reader.keyword('ORDEREDSUBJECT', 'REFERENCES', 'REFS')
  return { ...readCriteria(reader), algorithm }
}

// search-criteria = charset 1*(SP search-key)
function readCriteria(reader: ArgumentReader): SearchProgram {
  reader.space()
  const charset = reader.astring().toString('latin1')
  reader.space()
  return readSearchProgram(reader, charset)
}
