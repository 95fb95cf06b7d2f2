// What was asked for without signing in is done, and signing in comes next.
import type { Reply, Visit } from '../page.ts'
import type { TextKey } from '../texts/catalogue.ts'
import { Notice } from './parts.tsx'

export function nowSignIn({ t }: Visit, title: TextKey, text: TextKey): Reply {
  return {
    kind: 'page',
    title: t(title),
    body: (
      <>
        <Notice tone="good">
          <p>{t(text)}</p>
        </Notice>
        <p>
          <a class="button main" href="/sign-in">
            {t('note.signIn')}
          </a>
        </p>
      </>
    ),
  }
}
