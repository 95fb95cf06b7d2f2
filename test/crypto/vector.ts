// The text form of a test vector: `key: value` lines, a blank line, then base64 of the sealed bytes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Expectation = 'success' | 'wrong key' | 'damaged' | 'unsupported'

export interface Vector {
  /** File name without its ending; says what the scenario is. */
  readonly name: string
  readonly expect: Expectation
  /** In order; a key may repeat (`edit`). */
  readonly fields: readonly (readonly [key: string, value: string])[]
  readonly bytes: Buffer
}

export const vectorFolder = join(process.cwd(), 'fixtures', 'vectors')

export function field(vector: Vector, key: string): string | undefined {
  return vector.fields.find(([name]) => name === key)?.[1]
}

export function required(vector: Vector, key: string): string {
  const value = field(vector, key)
  if (value === undefined) throw new Error(`${vector.name} has no "${key}"`)
  return value
}

/** A field in hexadecimal. */
export function bytesOf(vector: Vector, key: string): Buffer {
  return Buffer.from(required(vector, key), 'hex')
}

export function printVector({ expect, fields, bytes }: Vector): string {
  const lines = [`expect: ${expect}`, ...fields.map(([key, value]) => `${key}: ${value}`), '']
  const base64 = bytes.toString('base64').match(/.{1,76}/g) ?? []
  return [...lines, ...base64, ''].join('\n')
}

export function parseVector(name: string, text: string): Vector {
  const end = text.indexOf('\n\n')
  const fields = text
    .slice(0, end)
    .split('\n')
    .map((line): [string, string] => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    })
  const expect = fields.shift()
  if (expect?.[0] !== 'expect') throw new Error(`${name} does not begin with what it expects`)
  return {
    name,
    expect: expect[1] as Expectation,
    fields,
    bytes: Buffer.from(text.slice(end + 2), 'base64'),
  }
}

/** One vector, with the edits that it makes to the bytes of another one (`bytes of`) applied. */
export function readVector(name: string): Vector {
  const vector = parseVector(name, readFileSync(join(vectorFolder, `${name}.txt`), 'utf8'))
  const source = field(vector, 'bytes of')
  if (source === undefined) return vector
  const edits = vector.fields.filter(([key]) => key === 'edit').map(([, value]) => value)
  return { ...vector, bytes: edits.reduce(edit, readVector(source).bytes) }
}

export function vectorNames(): readonly string[] {
  return readdirSync(vectorFolder)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => file.slice(0, -4))
    .sort()
}

/**
 * One change: `flip OFFSET` (lowest bit), `remove START END`, `append HEX`, `exchange START START LENGTH`,
 * `put OFFSET NAME START END` (over the bytes there, with bytes of another vector).
 */
function edit(bytes: Buffer, command: string): Buffer {
  const [verb, ...words] = command.split(' ')
  const [first = 0, second = 0, third = 0, fourth = 0] = words.map(Number)
  const result = Buffer.from(bytes)
  switch (verb) {
    case 'flip':
      result.writeUInt8(result.readUInt8(first) ^ 1, first)
      return result
    case 'remove':
      return Buffer.concat([bytes.subarray(0, first), bytes.subarray(second)])
    case 'append':
      return Buffer.concat([bytes, Buffer.from(words[0] ?? '', 'hex')])
    case 'exchange':
      bytes.copy(result, first, second, second + third)
      bytes.copy(result, second, first, first + third)
      return result
    case 'put':
      readVector(words[1] ?? '').bytes.copy(result, first, third, fourth)
      return result
    default:
      throw new Error(`unknown edit ${command}`)
  }
}
