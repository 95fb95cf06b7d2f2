// Switching the language: a cookie, nothing else.
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
  post(_, form) {
    const wanted = form.text('language')
    const to = safeNext(form.text('next'))
    return isLanguage(wanted) ? { kind: 'redirect', to, language: wanted } : { kind: 'redirect', to }
  },
}
