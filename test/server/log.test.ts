import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLevel } from '../../src/base/ports.ts'
import { makeLog } from '../../src/server/log.ts'

function logTo(format: 'auto' | 'json' | 'text', level: LogLevel = 'debug', isTTY = false) {
  const lines: string[] = []
  const log = makeLog({ level, format }, { write: (text: string) => lines.push(text), isTTY })
  return { log, lines }
}

test('a line is JSON with level, time and event first', () => {
  const { log, lines } = logTo('json')
  log
    .with({ proto: 'imap', sid: 'i1' })
    .write('warn', 'auth.failed', { user: 'a@b', rip: '203.0.113.9', x: undefined })
  assert.match(
    lines[0] ?? '',
    /^\{"level":"warn","time":"\d{4}-\d\d-\d\dT[\d:.]+Z","proto":"imap","sid":"i1","event":"auth\.failed","user":"a@b","rip":"203\.0\.113\.9"\}\n$/,
  )
})

test('lines below the level are not written', () => {
  const { log, lines } = logTo('json', 'warn')
  log.write('info', 'server.ready')
  log.write('warn', 'loop.stalled', { ms: 300 })
  assert.equal(lines.length, 1)
})

test('a terminal gets plain text, and nothing in it can make a second line', () => {
  const { log, lines } = logTo('auto', 'debug', true)
  log.write('info', 'listen.open', { proto: 'imap', at: '[::]:143', odd: 'a\nb \u001b[31m' })
  assert.match(
    lines[0] ?? '',
    /^\d\d:\d\d:\d\d \u001b\[32minfo \u001b\[0m listen\.open proto=imap at=\[::\]:143 odd="a\\nb \\u001b\[31m"\n$/,
  )
})

test('what is no terminal gets JSON unless told otherwise', () => {
  assert.match(write('auto'), /^\{/)
  assert.match(write('text'), /^\d\d:\d\d:\d\d info {2}server\.ready\n$/)
  function write(format: 'auto' | 'text'): string {
    const { log, lines } = logTo(format)
    log.write('info', 'server.ready')
    return lines.join('')
  }
})

for (const name of [
  'password',
  'secret',
  'recoveryCode',
  'subject',
  'sender',
  'mailbox',
  'key',
  'message',
  'body',
  'token',
]) {
  test(`a field named ${name} is never written`, () => {
    for (const format of ['json', 'text'] as const) {
      const { log, lines } = logTo(format)
      log.write('error', 'some.event', { [name]: 'canary' })
      log.with({ [name]: 'canary' }).write('error', 'some.event')
      assert.doesNotMatch(lines.join(''), /canary/)
    }
  })
}

test('long texts are cut: nobody logs a message by mistake', () => {
  const { log, lines } = logTo('json')
  log.write('info', 'some.event', { reason: 'x'.repeat(5000) })
  assert.ok((lines[0] ?? '').length < 400)
})
