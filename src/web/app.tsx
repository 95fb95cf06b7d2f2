// The page as a Hono application: gate, session, form checks, then the page's own answer, rendered.
import { Hono, type Context } from 'hono'
import type { HttpBindings } from '@hono/node-server'
import { randomToken } from '../crypto/random.ts'
import { assets } from './assets.ts'
import { BodyRefused, readBody } from './body.ts'
import { isAnonymousToken } from './anonymous.ts'
import { Form } from './form.ts'
import { setSecurityHeaders } from './headers.ts'
import { boundaryOf, parseMultipart } from './multipart.ts'
import type { Page, Reply } from './page.ts'
import { isFromHere, peerOf, type Peer } from './peer.ts'
import { pages } from './registry.ts'
import { respond } from './respond.tsx'
import type { WebSite } from './site.ts'
import { answerMetrics } from './metrics.ts'
import { notePage } from './views/note.tsx'
import { receive, type Visitor } from './visitor.ts'

type App = Hono<{ Bindings: HttpBindings }>
type Ask = Context<{ Bindings: HttpBindings }>

const formBytes = 512 * 1024
const formMs = 20_000

/** Pages that exist here: those whose backend the account layer has. */
export function offeredPages(site: WebSite): Page[] {
  return pages.filter((page) => page.isOffered?.(site.accounts) ?? true)
}

function plainAnswer(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
}

/** Where the settings name one, other names are not served: only a browser that was misled uses them. */
function isMisdirected({ settings }: WebSite, page: Page, host: string | undefined): boolean {
  if (settings.baseUrl === undefined || page.access === 'machine') return false
  return new URL(settings.baseUrl).host !== (host ?? '').toLowerCase().replace(/:(443|80)$/, '')
}

async function answerForm(site: WebSite, page: Page, ask: Ask, visitor: Visitor): Promise<Reply> {
  const { incoming } = ask.env
  const { visit } = visitor
  if (!page.post) return notePage(visit, 'missing')
  const type = incoming.headers['content-type'] ?? ''
  const boundary = page.hasFiles ? boundaryOf(type) : undefined
  if (boundary === undefined && !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    return notePage(visit, 'badRequest')
  }
  const body = await readBody(incoming, formBytes, formMs)
  const form = boundary === undefined ? Form.parse(body) : parseMultipart(body, boundary)
  body.fill(0)
  if (!form) return notePage(visit, 'badRequest')
  try {
    if (!page.isHarmless) {
      const token = form.text('token')
      const isRight = visit.session
        ? visit.session.useToken(token, page.path)
        : isAnonymousToken(site.formKey, visitor.formCookie, page.path, token)
      if (!isRight) return notePage(visit, 'usedForm')
    }
    return await page.post(visit, form)
  } finally {
    form.wipe()
  }
}

async function answer(site: WebSite, page: Page, ask: Ask, visitor: Visitor, peer: Peer): Promise<Reply> {
  const { visit } = visitor
  const { incoming } = ask.env
  const isAsked = incoming.method === 'GET' || incoming.method === 'HEAD'
  if (!isAsked && page.access !== 'machine' && !isFromHere(incoming, peer)) {
    site.log.write('warn', 'web.foreign-form', { rip: peer.remoteAddress })
    return notePage(visit, 'foreignForm')
  }
  if ((page.access === 'owner' || page.access === 'admin') && !visit.session) {
    return isAsked ? { kind: 'redirect', to: '/sign-in' } : notePage(visit, 'signedOut')
  }
  if (page.access === 'admin' && !visit.isAdmin) return notePage(visit, 'missing')
  if (visit.info && page.suits && !page.suits(visit.info)) return { kind: 'redirect', to: '/' }
  if (isAsked) return page.get ? page.get(visit) : notePage(visit, 'missing')
  return page.upload ? page.upload(visit, incoming) : answerForm(site, page, ask, visitor)
}

/** The name and the place of a fault, never its text: it could quote what was being worked on. */
function logFault(site: WebSite, error: unknown, peer: Peer): string {
  const id = randomToken().slice(0, 8)
  const isError = error instanceof Error
  const at = isError ? /\n\s+at (.*)/.exec(error.stack ?? '')?.[1] : undefined
  site.log.write('error', 'web.fault', {
    id,
    rip: peer.remoteAddress,
    error: isError ? error.name : typeof error,
    at,
  })
  return id
}

async function serve(site: WebSite, page: Page | undefined, ask: Ask): Promise<Response> {
  const { incoming, outgoing } = ask.env
  const peer = peerOf(incoming, site.trusted, site.settings.baseUrl)
  if (peer.refusal) {
    site.log.write('warn', `web.${peer.refusal}`, { rip: peer.remoteAddress })
    return plainAnswer(
      403,
      peer.refusal === 'insecure'
        ? 'This page is only shown over HTTPS.'
        : 'This proxy is not named in [web] trusted_proxies.',
    )
  }
  if (page && isMisdirected(site, page, incoming.headers.host))
    return plainAnswer(421, 'This name is not served here.')
  let visitor: Visitor | undefined
  try {
    visitor = await receive(site, page, incoming, peer)
    const reply = page ? await answer(site, page, ask, visitor, peer) : notePage(visitor.visit, 'missing')
    return respond(reply, visitor, outgoing)
  } catch (error) {
    if (error instanceof BodyRefused && visitor) {
      const response = respond(
        notePage(visitor.visit, error.status === 413 ? 'tooLarge' : 'badRequest'),
        visitor,
        outgoing,
      )
      response.headers.set('Connection', 'close')
      return response
    }
    const id = logFault(site, error, peer)
    return visitor
      ? respond(notePage(visitor.visit, 'fault', id), visitor, outgoing)
      : plainAnswer(500, `Internal error ${id}`)
  }
}

/** Every route, with security headers on whatever is answered. */
export function makeApp(site: WebSite): App {
  const app: App = new Hono()
  app.use(async (ask, next) => {
    await next()
    setSecurityHeaders(
      ask.res.headers,
      peerOf(ask.env.incoming, site.trusted, site.settings.baseUrl).isSecure,
    )
  })
  for (const { path, type, bytes } of assets) {
    app.get(
      path,
      () =>
        new Response(new Uint8Array(bytes), {
          headers: { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' },
        }),
    )
  }
  const { metrics } = site
  if (metrics) {
    app.get(
      '/metrics',
      async (ask) =>
        (await answerMetrics(metrics, ask.env.incoming, site.log)) ?? serve(site, undefined, ask),
    )
  }
  for (const page of offeredPages(site)) app.on(['GET', 'POST'], page.path, (ask) => serve(site, page, ask))
  app.notFound((ask) => serve(site, undefined, ask))
  return app
}
