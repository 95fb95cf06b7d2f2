// Capabilities switched off for the site or for one account: not offered, not enabled, and LITERAL- in place of LITERAL+.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newCapabilitiesOff } from '../../src/account/directory.ts'
import { isRefusal } from '../../src/account/errors.ts'
import type { Client } from './client.ts'
import { address, mail, makeHarness, passwordText, type Harness, type HarnessOptions } from './harness.ts'

async function within(options: HarnessOptions, run: (harness: Harness) => Promise<void>): Promise<void> {
  const harness = await makeHarness(options)
  try {
    await run(harness)
  } finally {
    await harness.close()
  }
}

async function offered(client: Client): Promise<string[]> {
  const [line = ''] = await client.ok('CAPABILITY')
  return line.split(' ').slice(2)
}

describe('capabilities switched off for one account', () => {
  it('are gone from the next login on, for this account only', () =>
    within({}, async ({ accounts, connect, login }) => {
      const before = await login()
      await accounts.setCapabilitiesOff(address, ['qresync', 'IDLE', 'literal+', 'APPENDLIMIT', 'QRESYNC'])
      assert.ok((await offered(before)).includes('QRESYNC'))
      assert.deepEqual((await accounts.info(address)).capabilitiesOff, [
        'QRESYNC',
        'IDLE',
        'LITERAL+',
        'APPENDLIMIT',
      ])
      const client = await connect()
      assert.ok((await offered(client)).includes('QRESYNC'))
      const answer = (await client.ok(`LOGIN ${address} "${passwordText}"`)).at(-1) ?? ''
      for (const name of ['QRESYNC', 'IDLE', 'LITERAL+', 'APPENDLIMIT=1048576'])
        assert.ok(!answer.split(/[ \]]/).includes(name), name)
      for (const name of ['IMAP4rev1', 'CONDSTORE', 'LITERAL-']) assert.ok(answer.includes(name), name)
      // What cannot be had cannot be enabled; what it implies can.
      assert.equal((await client.ok('ENABLE QRESYNC'))[0], '* ENABLED CONDSTORE')
      assert.match((await client.run('SELECT INBOX (QRESYNC (1 1))')).at(-1) ?? '', /^BAD /)
      // Old clients may use what they are not offered: it does no harm.
      client.send('i IDLE')
      assert.equal(await client.next(), '+ idling')
      client.send('DONE')
      await client.until('i')
      await accounts.create('bob@example.org', Buffer.from(passwordText))
      const other = await connect()
      assert.match((await other.ok(`LOGIN bob@example.org "${passwordText}"`)).at(-1) ?? '', / QRESYNC /)
      await accounts.setCapabilitiesOff(address, [])
      assert.ok((await offered(await login())).includes('QRESYNC'))
    }))

  it('stay off when the account is disabled and enabled, and after a restart', () =>
    within({}, async ({ site, accounts }) => {
      await accounts.setCapabilitiesOff(address, ['SORT'])
      await accounts.setDisabled(address, true)
      await accounts.setDisabled(address, false)
      const again = await site.reopen()
      assert.deepEqual((await again.info(address)).capabilitiesOff, ['SORT'])
      await again.close()
    }))

  it('must be names, and never the only one that every client needs', () => {
    for (const names of [
      ['a b'],
      [''],
      ['X'.repeat(65)],
      ['ü'],
      ['IMAP4rev1'],
      Array.from({ length: 65 }, (_, i) => `X${i}`),
    ])
      assert.throws(
        () => newCapabilitiesOff(names),
        (error) => isRefusal(error, 'limit'),
      )
  })
})

describe('LITERAL- (RFC 7888 §4)', () => {
  const text = mail('long', `${'x'.repeat(70)}\r\n`.repeat(60)).slice(0, 4097)
  const settings = { capabilitiesOff: ['literal+'] }

  it('is offered in place of LITERAL+, and longer literals must wait for the word', () =>
    within({ settings }, async ({ select }) => {
      const client = await select()
      const names = await offered(client)
      assert.ok(names.includes('LITERAL-') && !names.includes('LITERAL+'))
      client.write(`a APPEND INBOX {4097+}\r\n${text}\r\nb NOOP\r\n`)
      assert.match((await client.until('a')).at(-1) ?? '', /^a BAD \[TOOBIG\]/)
      assert.match((await client.until('b')).at(-1) ?? '', /^b OK/)
      client.write(`c APPEND INBOX {4096+}\r\n${text.slice(0, 4096)}\r\n`)
      assert.match((await client.until('c')).at(-1) ?? '', /^c OK/)
      client.send('d APPEND INBOX {4097}')
      assert.match((await client.next()) ?? '', /^\+ /)
      client.write(`${text}\r\n`)
      assert.match((await client.until('d')).at(-1) ?? '', /^d OK/)
    }))

  it('leaves LITERAL+ as it is where that is offered', () =>
    within({}, async ({ select }) => {
      const client = await select()
      const names = await offered(client)
      assert.ok(names.includes('LITERAL+') && !names.includes('LITERAL-'))
      client.write(`a APPEND INBOX {4097+}\r\n${text}\r\n`)
      assert.match((await client.until('a')).at(-1) ?? '', /^a OK/)
    }))
})
