// /metrics: off unless it is turned on, and then for requests from this machine that were meant for it.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { suite, test } from 'node:test'
import { running } from '../server/running.ts'

function get(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/metrics', headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      )
    })
      .on('error', reject)
      .end()
  })
}

const page = { 'listen.web': '127.0.0.1:0', 'web.tls': 'false' }

suite('/metrics', () => {
  test('is not there unless it is turned on', async () => {
    await using site = await running(page)
    const { status, body } = await get(site.port('web'), { host: 'localhost' })
    assert.notEqual(status, 200)
    assert.doesNotMatch(body, /letterlock_accounts/)
  })

  const rows: readonly (readonly [string, Readonly<Record<string, string>>, boolean])[] = [
    ['localhost', { host: 'localhost:8443' }, true],
    ['a loopback address', { host: '127.0.0.1' }, true],
    ['the loopback address of IPv6', { host: '[::1]:8443' }, true],
    ['a name that leads here, as a page in a browser could make one', { host: 'evil.example' }, false],
    ['the site’s own name', { host: 'mail.example.org' }, false],
    ['a proxy that names its client', { host: 'localhost', 'x-forwarded-for': '203.0.113.9' }, false],
    ['a proxy that names its client otherwise', { host: 'localhost', forwarded: 'for=203.0.113.9' }, false],
    ['a proxy that names itself', { host: 'localhost', via: '1.1 proxy' }, false],
  ]
  test('answers this machine alone', async (context) => {
    await using site = await running({ ...page, 'web.metrics': 'true' })
    for (const [name, headers, isAnswered] of rows) {
      await context.test(`${isAnswered ? 'answers' : 'refuses'} ${name}`, async () => {
        const { status, body } = await get(site.port('web'), headers)
        assert.equal(status === 200, isAnswered, `${status}`)
        assert.equal(/^letterlock_accounts\{atrest="off"\} 0$/m.test(body), isAnswered)
      })
    }
  })
})
