import assert from 'node:assert/strict'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { test } from 'node:test'
import type { Socket } from 'node:net'
import { makeSelfSigned } from '../../src/server/self-signed.ts'
import { openDoor } from './open-door.ts'

async function upgrade(socket: Socket, ca: string): Promise<TLSSocket> {
  socket.removeAllListeners('data')
  const secure = connectTls({ socket, ca, servername: 'mail.example.org' })
  await new Promise((resolve, reject) => {
    secure.once('secureConnect', resolve)
    secure.once('error', reject)
  })
  return secure
}

async function ask(secure: TLSSocket, line: string): Promise<string> {
  secure.write(`${line}\r\n`)
  return new Promise((resolve) => {
    secure.once('data', (chunk: Buffer) => resolve(chunk.toString()))
  })
}

test('STARTTLS shows our certificate, forgets what was said before, and is named in the trace', async () => {
  const pair = await makeSelfSigned(['mail.example.org'])
  await using site = await openDoor({ tls: { ...pair, minVersion: 'TLSv1.2' } })
  await using peer = await site.greeted()
  assert.match((await peer.ask('LHLO x')) ?? '', /STARTTLS/)
  assert.match((await peer.ask('STARTTLS')) ?? '', /^220 /)
  const secure = await upgrade(peer.socket, pair.cert)
  assert.equal(secure.authorized, true)
  assert.match(await ask(secure, 'MAIL FROM:<a@b.example>'), /^503 /)
  assert.doesNotMatch(await ask(secure, 'LHLO client.example'), /STARTTLS/)
  await ask(secure, 'MAIL FROM:<a@b.example>')
  await ask(secure, 'RCPT TO:<bob@example.org>')
  await ask(secure, 'DATA')
  assert.match(await ask(secure, 'x\r\n.'), /^250 /)
  assert.match(site.accounts.delivered[0]?.message.toString() ?? '', / with LMTPS id /)
  secure.destroy()
})

test('what was sent behind STARTTLS in the clear is never run', async () => {
  const pair = await makeSelfSigned(['mail.example.org'])
  await using site = await openDoor({ tls: { ...pair, minVersion: 'TLSv1.2' } })
  await using peer = await site.greeted()
  peer.write('STARTTLS\r\nLHLO evil\r\nMAIL FROM:<evil@x.example>\r\n')
  assert.match((await peer.reply()) ?? '', /^220 /)
  const secure = await upgrade(peer.socket, pair.cert)
  assert.match(await ask(secure, 'RCPT TO:<bob@example.org>'), /^503 /)
  secure.destroy()
})

test('a new certificate is shown to the next peer', async () => {
  const [old, young] = [
    await makeSelfSigned(['mail.example.org']),
    await makeSelfSigned(['mail.example.org']),
  ]
  await using site = await openDoor({ tls: { ...old, minVersion: 'TLSv1.2' } })
  site.door.updateTls({ ...young, minVersion: 'TLSv1.2' })
  await using peer = await site.greeted()
  await peer.ask('STARTTLS')
  const secure = await upgrade(peer.socket, young.cert)
  assert.equal(secure.authorized, true)
  secure.destroy()
})

test('versions below the least are refused', async () => {
  const pair = await makeSelfSigned(['mail.example.org'])
  await using site = await openDoor({ tls: { ...pair, minVersion: 'TLSv1.3' } })
  await using peer = await site.greeted()
  await peer.ask('STARTTLS')
  peer.socket.removeAllListeners('data')
  const secure = connectTls({
    socket: peer.socket,
    ca: pair.cert,
    servername: 'mail.example.org',
    maxVersion: 'TLSv1.2',
  })
  await new Promise((resolve) => secure.once('error', resolve))
})
