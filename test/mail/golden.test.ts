import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { normaliseLineEnds } from '../../src/mail/normalise.ts'
import { prepareMessage } from '../../src/mail/prepare.ts'
import { readWire } from './wire-reader.ts'

const folder = join(process.cwd(), 'fixtures/mail')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.eml'))
  .map((file) => file.slice(0, -'.eml'.length))

function expected(name: string, what: string): string {
  const bytes = readFileSync(join(folder, `${name}.${what}`))
  return bytes.toString('latin1', 0, bytes.length - 1)
}

test('every message has its expectations', () => {
  assert.ok(names.length > 30)
})

for (const name of names) {
  test(`ENVELOPE and BODYSTRUCTURE of ${name} are as expected`, () => {
    const message = readFileSync(join(folder, `${name}.eml`))
    assert.equal(normaliseLineEnds(message), message, 'fixtures are in stored form')
    const prepared = prepareMessage(message)
    assert.equal(prepared.envelope.toString('latin1'), expected(name, 'envelope'))
    assert.equal(prepared.bodyStructure.toString('latin1'), expected(name, 'bodystructure'))
    readWire(prepared.envelope)
    readWire(prepared.bodyStructure)
    readWire(prepared.body)
  })
}

test('BODY is BODYSTRUCTURE without the extension data', () => {
  const prepared = prepareMessage(readFileSync(join(folder, '004-embedded-message.eml')))
  const envelope =
    expected('004-embedded-message', 'bodystructure').match(/\("Sun.*?example\.net>"\)/)?.[0] ?? ''
  const text = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit"'
  assert.equal(
    prepared.body.toString('latin1'),
    `(${text} 10 0)("message" "rfc822" NIL NIL "the original" "7bit" 359 ${envelope} ` +
      `(${text} 4 0)("text" "html" ("charset" "us-ascii") NIL NIL "7bit" 11 0) "alternative") 16) "mixed")`,
  )
})
