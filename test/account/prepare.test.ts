// Parsing large messages in a thread of its own.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { prepareContent } from '../../src/account/prepare.ts'
import { mail } from './support.ts'

const large = (subject: string): Buffer => mail(subject, 'x'.repeat(1_500_000))

describe('a large message', () => {
  it('is parsed as a small one is, several at a time', async () => {
    const contents = await Promise.all(
      ['one', 'two', 'three'].map((subject) => prepareContent(large(subject))),
    )
    for (const [index, subject] of ['one', 'two', 'three'].entries()) {
      const content = contents[index]
      assert.ok(content)
      assert.equal(content.sizeBytes, large(subject).length)
      assert.ok(content.envelope.includes(subject))
      assert.ok(content.header.equals(mail(subject, '').subarray(0, content.header.length)))
    }
  })

  it('does not keep the process alive once it is parsed', async () => {
    const module = new URL('../../src/account/prepare.js', import.meta.url).href
    const script = `import(${JSON.stringify(module)})
      .then(({ prepareContent }) => prepareContent(Buffer.from('Subject: x\\r\\n\\r\\n' + 'x'.repeat(1500000))))
      .then(({ sizeBytes }) => console.log(sizeBytes))`
    // A process that does not end by itself is killed, and that is an error here.
    const options = { timeout: 60_000 }
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], options)
    assert.equal(stdout.trim(), String(1_500_014))
  })
})
