// What a page is: where it is, who may see it, and what it answers as plain values.
import type { Child } from 'hono/jsx'
import type { IncomingMessage } from 'node:http'
import type { AccountInfo, Accounts } from '../account/api.ts'
import type { Form } from './form.ts'
import type { Peer } from './peer.ts'
import type { Reveal } from './reveal.ts'
import type { WebSession } from './sessions.ts'
import type { WebSite } from './site.ts'
import type { Language, Translate } from './text.ts'
import type { TextKey } from './texts/catalogue.ts'

/** One request, as pages see it. */
export interface Visit {
  readonly site: WebSite
  readonly peer: Peer
  readonly language: Language
  /** In this browser, by somebody; else it is what the browser asked for. */
  readonly isLanguageChosen: boolean
  readonly t: Translate
  readonly path: string
  readonly query: URLSearchParams
  readonly session: WebSession | undefined
  /** Of the one signed in, as it is now. */
  readonly info: AccountInfo | undefined
  readonly isAdmin: boolean
  /** A token for a form that is sent to this path. */
  readonly makeToken: (action: string) => string
}

export interface OwnerVisit extends Visit {
  readonly session: WebSession
  readonly info: AccountInfo
}

/** What is wrong with what was typed; `text` says what to do next. */
export interface Problem {
  /** The field it is about. */
  readonly field?: string
  readonly text: string
}

export interface PageReply {
  readonly kind: 'page'
  readonly title: string
  readonly body: Child
  /** 200 unless given. */
  readonly status?: 200 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 503
  /** Seconds after which a browser without the script loads the page again. */
  readonly refreshSeconds?: number
  /** Secrets whose marks stand in the body. Such a page is shown once, and has nothing that leads away by mistake. */
  readonly reveal?: Reveal
}

export type Reply =
  | PageReply
  /** To a page of ours. */
  | {
      readonly kind: 'redirect'
      readonly to: string
      readonly signIn?: string
      readonly signOut?: boolean
      readonly language?: Language
    }
  | {
      readonly kind: 'file'
      readonly type: string
      readonly name?: string
      readonly bytes: Buffer
      readonly isSecret?: boolean
    }
  | {
      readonly kind: 'stream'
      readonly type: string
      readonly name?: string
      readonly chunks: AsyncIterable<Buffer>
      /** Called when everything was sent, or nobody listens any more; perhaps before the first chunk was asked for. */
      readonly onClose?: () => void
    }

type Answer = Reply | Promise<Reply>

export interface Page {
  readonly path: string
  /** machine: for mail programs; no session is looked for. */
  readonly access: 'open' | 'owner' | 'admin' | 'machine'
  /** The heading it is known by in the menu; without one it is not in the menu. */
  readonly menu?: { readonly title: TextKey; readonly group: 'mail' | 'security' | 'admin' }
  /** Whether its backend is there; without it the page does not exist. */
  readonly isOffered?: (accounts: Accounts) => boolean
  /** Whether the account, as it is, has a use for it. */
  readonly suits?: (info: AccountInfo) => boolean
  /** Sending its form twice, or without having seen it, does no harm: no token is asked for. */
  readonly isHarmless?: boolean
  /** Its forms may have small files in them. */
  readonly hasFiles?: boolean
  readonly get?: (visit: Visit) => Answer
  readonly post?: (visit: Visit, form: Form) => Answer
  /** In place of `post`: takes multipart/form-data as it comes, and checks its token itself. */
  readonly upload?: (visit: Visit, incoming: IncomingMessage) => Answer
}

interface OwnerHandlers {
  readonly get?: (visit: OwnerVisit) => Answer
  readonly post?: (visit: OwnerVisit, form: Form) => Answer
  readonly upload?: (visit: OwnerVisit, incoming: IncomingMessage) => Answer
}

function asOwner(visit: Visit): OwnerVisit {
  const { session, info } = visit
  if (!session || !info) throw new Error('an owner’s page was asked without a session')
  return { ...visit, session, info }
}

/** A page for those who signed in. */
export function ownerPage(
  given: Omit<Page, 'access' | keyof OwnerHandlers> & OwnerHandlers & { readonly access?: 'owner' | 'admin' },
): Page {
  const { get, post, upload, ...rest } = given
  return {
    access: 'owner',
    ...rest,
    ...(get ? { get: (visit: Visit) => get(asOwner(visit)) } : {}),
    ...(post ? { post: (visit: Visit, form: Form) => post(asOwner(visit), form) } : {}),
    ...(upload
      ? { upload: (visit: Visit, incoming: IncomingMessage) => upload(asOwner(visit), incoming) }
      : {}),
  }
}
