// Signing out.
import type { Page } from '../page.ts'

export const signOut: Page = {
  path: '/sign-out',
  access: 'owner',
  get: () => ({ kind: 'redirect', to: '/' }),
  post({ site, session }) {
    if (session) {
      site.sessions.end(session)
      site.transfers.forgetImport(session.accountId)
    }
    return { kind: 'redirect', to: '/sign-in', signOut: true }
  },
}
