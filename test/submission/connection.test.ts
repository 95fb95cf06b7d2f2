// Dovecot's authentication protocol as a mail server speaks it: what is answered, and what ends the connection.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import type { Accounts } from '../../src/account/api.ts'
import { Refusal } from '../../src/account/errors.ts'
import { silentLog } from '../../src/base/ports.ts'
import { escapedText, fieldsOf, textOf } from '../../src/sasl/dovecot-lines.ts'
import { SubmissionDoor } from '../../src/submission/door.ts'
import { closed } from '../support/closed.ts'

const doors: SubmissionDoor[] = []
after(() => Promise.all(doors.map((door) => door.stop(0))))

const given: Buffer[] = []
const asked: unknown[] = []
const accounts: Pick<Accounts, 'authenticate'> = {
  authenticate: async (address, password, client) => {
    given.push(password)
    asked.push(client)
    const text = String(password)
    if (text === 'right') return address.toLowerCase()
    if (text === 'busy') throw new Refusal('busy', 'later')
    if (text === 'main') throw new Refusal('not-accepted-here', 'Make an\tapp password')
    if (text === 'fault') throw new TypeError('a bug')
    throw new Refusal('authentication-failed', 'Wrong address or password')
  },
}

class Peer {
  readonly socket: Socket
  readonly #isClosed: Promise<readonly ['close']>
  #text = ''

  constructor(socket: Socket) {
    this.socket = socket
    this.#isClosed = closed(socket).then(() => ['close'])
    socket.on('data', (data) => (this.#text += data.toString()))
    socket.on('error', () => undefined)
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 1)
        return line
      }
      const [kind] = await Promise.race([
        new Promise((resolve) => this.socket.once('data', resolve)).then(() => ['data']),
        this.#isClosed,
      ])
      if (kind === 'close' && !this.#text.includes('\n')) return 'closed'
    }
  }

  async hello(): Promise<string[]> {
    const lines: string[] = []
    for (let line = ''; line !== 'DONE';) lines.push((line = await this.line()))
    return lines
  }
}

async function open(allowPlainLogin = false): Promise<Peer> {
  const door = new SubmissionDoor({ accounts, log: silentLog, allowPlainLogin })
  doors.push(door)
  door.netServer.listen(0, '127.0.0.1')
  await once(door.netServer, 'listening')
  return new Peer(connect((door.netServer.address() as AddressInfo).port, '127.0.0.1'))
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const plain = (password: string, user = 'Alice@example.org'): string => base64(`\0${user}\0${password}`)
const auth = (
  id: number,
  password: string,
  words = 'service=smtp\tnologin\trip=192.0.2.9\tsecured',
): string => `AUTH\t${id}\tPLAIN\t${words}\tresp=${plain(password)}\n`

describe('the authentication socket', () => {
  it('greets with version, mechanisms and an end', async () => {
    const peer = await open()
    const lines = await peer.hello()
    assert.equal(lines[0], 'VERSION\t1\t2')
    assert.deepEqual(lines.slice(1, 3), ['MECH\tPLAIN\tplaintext', 'MECH\tLOGIN\tplaintext'])
    assert.match(lines.join('\n'), /\nSPID\t\d+\nCUID\t\d+\nCOOKIE\t[0-9a-f]{32}\nDONE$/)
    peer.socket.destroy()
  })

  const answers: readonly (readonly [password: string, answer: string])[] = [
    ['right', 'OK\t1\tuser=alice@example.org'],
    ['wrong', 'FAIL\t1\tuser=Alice@example.org'],
    ['busy', 'FAIL\t1\tuser=Alice@example.org\ttemp\tcode=temp_fail'],
    ['fault', 'FAIL\t1\tuser=Alice@example.org\ttemp\tcode=temp_fail'],
    ['main', 'FAIL\t1\tuser=Alice@example.org\treason=Make an\x01tapp password'],
  ]
  for (const [password, answer] of answers) {
    it(`answers ${answer.split('\t')[0] ?? ''} to the password "${password}", whole and octet by octet`, async () => {
      for (const isChopped of [false, true]) {
        const peer = await open()
        await peer.hello()
        const text = `VERSION\t1\t1\nCPID\t42\n${auth(1, password)}`
        if (!isChopped) peer.socket.write(text)
        else for (const octet of Buffer.from(text)) peer.socket.write(Buffer.of(octet))
        assert.equal(await peer.line(), answer)
        peer.socket.destroy()
      }
      assert.ok(
        given.every((bytes) => bytes.every((byte) => byte === 0)),
        'a password was not wiped',
      )
    })
  }

  it('tells who asks, and from where', async () => {
    const peer = await open()
    await peer.hello()
    peer.socket.write(auth(7, 'right'))
    assert.equal(await peer.line(), 'OK\t7\tuser=alice@example.org')
    assert.deepEqual(asked.at(-1), { protocol: 'submission', remoteAddress: '192.0.2.9', isTls: true })
    peer.socket.destroy()
  })

  it('asks step by step for LOGIN, and for PLAIN without an initial response', async () => {
    const peer = await open()
    await peer.hello()
    peer.socket.write('AUTH\t1\tLOGIN\tservice=smtp\tsecured\n')
    assert.equal(await peer.line(), `CONT\t1\t${base64('Username:')}`)
    peer.socket.write(`CONT\t1\t${base64('Alice@example.org')}\n`)
    assert.equal(await peer.line(), `CONT\t1\t${base64('Password:')}`)
    peer.socket.write(`CONT\t1\t${base64('right')}\n`)
    assert.equal(await peer.line(), 'OK\t1\tuser=alice@example.org')
    peer.socket.write('AUTH\t2\tPLAIN\tservice=smtp\tsecured\n')
    assert.equal(await peer.line(), 'CONT\t2\t')
    peer.socket.write(`CANCEL\t2\nAUTH\t2\tPLAIN\tsecured\tresp=${plain('right')}\n`)
    assert.equal(await peer.line(), 'OK\t2\tuser=alice@example.org')
    peer.socket.destroy()
  })

  it('takes no password without TLS, but from this machine where the site allows it', async () => {
    const refused = await open()
    await refused.hello()
    refused.socket.write(auth(1, 'right', 'service=smtp\trip=127.0.0.1'))
    assert.match(await refused.line(), /^FAIL\t1\treason=Passwords/)
    const allowed = await open(true)
    await allowed.hello()
    allowed.socket.write(auth(1, 'right', 'service=smtp\trip=127.0.0.1'))
    assert.match(await allowed.line(), /^OK\t1/)
    allowed.socket.write(auth(2, 'right', 'service=smtp\trip=192.0.2.1') + auth(3, 'right', 'service=smtp'))
    assert.match(await allowed.line(), /^FAIL\t2/)
    assert.match(await allowed.line(), /^FAIL\t3/)
    for (const peer of [refused, allowed]) peer.socket.destroy()
  })

  for (const bad of [
    'PLAIN\tsecured\tresp=*',
    'PLAIN\tsecured\tresp=AAAA',
    'XOAUTH2\tsecured',
    'PLAIN\tsecured\tresp=$$',
  ])
    it(`refuses AUTH ${bad.replaceAll('\t', ' ')}`, async () => {
      const peer = await open()
      await peer.hello()
      peer.socket.write(`AUTH\t5\t${bad}\n`)
      assert.match(await peer.line(), /^FAIL\t5/)
      peer.socket.destroy()
    })

  for (const [name, bytes] of [
    ['another version', 'VERSION\t2\t0\n'],
    ['AUTH without anything', 'AUTH\n'],
    ['AUTH with a number that is none', 'AUTH\tx\tPLAIN\n'],
    ['CONT without AUTH', 'CONT\t1\tAAAA\n'],
    ['a number in use', 'AUTH\t1\tLOGIN\tsecured\nAUTH\t1\tLOGIN\tsecured\n'],
    ['a line without end', 'A'.repeat(20_000)],
  ] as const)
    it(`ends the connection at ${name}`, async () => {
      const peer = await open()
      await peer.hello()
      peer.socket.write(bytes)
      let line = ''
      while (line !== 'closed') line = await peer.line()
    })

  it('escapes and reads back whatever text', () => {
    const text = 'a\tb\x01c\r\nd\0é'
    assert.equal(escapedText(text).includes('\t'), false)
    assert.equal(textOf(Buffer.from(escapedText(text))), text)
    assert.deepEqual(fieldsOf(Buffer.from('a\t\tb')).map(String), ['a', '', 'b'])
  })
})
