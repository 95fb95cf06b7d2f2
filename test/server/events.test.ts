// The list of the log's events is what the source writes, each once.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** From dist/test/server. */
const source = fileURLToPath(new URL('../../../src/', import.meta.url))

const calls =
  /(?:\bwrite|[rR]eport)\(\s*(?:(?:'\w+'|[\w.]+(?:\([\w.]*\))?(?: === '\w+' \? '\w+' : '\w+')?),\s*)?'([a-z-]+\.[a-z-]+)'/g
/** Of names that are put together. */
const composed = ['witness.missing', 'witness.unreadable']

function written(): Set<string> {
  const found = new Set(composed)
  for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' }))
    if (/\.tsx?$/.test(path))
      for (const [, event = ''] of readFileSync(join(source, path), 'utf8').matchAll(calls)) found.add(event)
  return found
}

function documented(): string[] {
  const rows = readFileSync(join(source, 'server', 'EVENTS.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z.-]+)`/g)].map(([, event = '']) => event),
  )
}

test('the list of events names each that the source writes, once, and no others', () => {
  const listed = documented()
  assert.deepEqual(listed.toSorted(), [...written()].sort())
})
