// Switching the language: a cookie; and for those who have signed in, the language of what the server writes to them.
import { rememberLanguage } from '../owner-language.ts'
import type { Page } from '../page.ts'
import { pages } from '../registry.ts'
import { isLanguage } from '../text.ts'

/** Back to where it was asked, if that is a page of ours that can be shown. */
function safeNext(next: string): string {
  return pages.some(({ path, get }) => path === next && get !== undefined) ? next : '/'
}

export const language: Page = {
  path: '/language',
  access: 'open',
  isHarmless: true,
  get: () => ({ kind: 'redirect', to: '/' }),
  async post(visit, form) {
    const wanted = form.text('language')
    const to = safeNext(form.text('next'))
    if (!isLanguage(wanted)) return { kind: 'redirect', to }
    await rememberLanguage(visit, visit.info, wanted)
    return { kind: 'redirect', to, language: wanted }
  },
}
