// What was asked for without signing in is done, or cannot be; either way signing in comes next.
import type { Reply, Visit } from '../page.ts'
import type { TextKey } from '../texts/catalogue.ts'
import { Notice } from './parts.tsx'

export function nowSignIn({ t }: Visit, title: TextKey, text: TextKey, isDone = true): Reply {
  return {
    kind: 'page',
    status: isDone ? 200 : 422,
    title: t(title),
    body: (
      <>
        <Notice tone={isDone ? 'good' : 'warning'}>
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
