// The menu: pages whose backend is there and that suit the account.
import type { Page, Visit } from './page.ts'
import { pages } from './registry.ts'
import type { TextKey } from './texts/catalogue.ts'

interface MenuGroup {
  readonly title: TextKey
  readonly entries: readonly { readonly path: string; readonly title: TextKey }[]
}

const groups = [
  ['mail', 'menu.mail'],
  ['security', 'menu.security'],
  ['admin', 'menu.admin'],
] as const

export function isShown(page: Page, { site, info, isAdmin }: Visit): boolean {
  return (
    (page.isOffered?.(site.accounts) ?? true) &&
    (page.access !== 'admin' || isAdmin) &&
    (info === undefined || (page.suits?.(info) ?? true))
  )
}

export function offeredMenu(visit: Visit): MenuGroup[] {
  return groups.flatMap(([group, title]) => {
    const entries = pages.flatMap((page) =>
      page.menu?.group === group && isShown(page, visit) ? [{ path: page.path, title: page.menu.title }] : [],
    )
    return entries.length === 0 ? [] : [{ title, entries }]
  })
}
