// A page's answer as a response: rendered, with its cookies, and with what was secret wiped when it is sent.
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { writeCookie } from './cookies.ts'
import { attachment } from './headers.ts'
import type { PageReply, Reply } from './page.ts'
import { Shell } from './views/shell.tsx'
import type { Visitor } from './visitor.ts'

function render(reply: PageReply, visitor: Visitor): Buffer {
  // Nothing in it is asynchronous, so that it renders to a string.
  const shell: { toString(): string } = <Shell visit={visitor.visit} reply={reply} />
  const html = shell.toString()
  return reply.reveal?.splice(`<!doctype html>${html}`) ?? Buffer.from(`<!doctype html>${html}`, 'utf8')
}

function pageResponse(reply: PageReply, visitor: Visitor, outgoing: ServerResponse): Response {
  const bytes = render(reply, visitor)
  if (reply.reveal) {
    reply.reveal.wipe()
    outgoing.once('close', () => bytes.fill(0))
  }
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    status: reply.status ?? 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Language': visitor.visit.language },
  })
}

function cookiesOf(reply: Reply, { visit, cookies }: Visitor): string[] {
  if (reply.kind !== 'redirect') return [...cookies]
  const { isSecure } = visit.peer
  return [
    ...cookies,
    ...(reply.signIn === undefined ? [] : [writeCookie('session', reply.signIn, { isSecure })]),
    ...(reply.signOut ? [writeCookie('session', undefined, { isSecure })] : []),
    ...(reply.language === undefined
      ? []
      : [writeCookie('language', reply.language, { isSecure, maxAgeSeconds: 365 * 86_400 })]),
  ]
}

function responseTo(reply: Reply, visitor: Visitor, outgoing: ServerResponse): Response {
  switch (reply.kind) {
    case 'page':
      return pageResponse(reply, visitor, outgoing)
    case 'redirect':
      return new Response(null, { status: 303, headers: { Location: reply.to } })
    case 'file': {
      const { bytes, type, name, isSecret } = reply
      if (isSecret) outgoing.once('close', () => bytes.fill(0))
      const disposition = name === undefined ? {} : { 'Content-Disposition': attachment(name) }
      return new Response(bytes as Uint8Array<ArrayBuffer>, {
        headers: { 'Content-Type': type, ...disposition },
      })
    }
    case 'stream': {
      const { chunks, type, name, onClose } = reply
      if (onClose) {
        if (outgoing.destroyed || outgoing.closed) onClose()
        else outgoing.once('close', onClose)
      }
      const disposition = name === undefined ? {} : { 'Content-Disposition': attachment(name) }
      const body = Readable.toWeb(Readable.from(chunks, { objectMode: false })) as ReadableStream<Uint8Array>
      return new Response(body, { headers: { 'Content-Type': type, ...disposition } })
    }
  }
}

export function respond(reply: Reply, visitor: Visitor, outgoing: ServerResponse): Response {
  const response = responseTo(reply, visitor, outgoing)
  for (const cookie of cookiesOf(reply, visitor)) response.headers.append('Set-Cookie', cookie)
  return response
}
