// The one time that a new recovery code is shown before it counts.
import { type OwnerVisit, type PageReply } from '../page.ts'
import { Reveal } from '../reveal.ts'
import { Notice } from '../views/parts.tsx'
import { RecoverySheet } from '../views/recovery-sheet.tsx'

/** Takes the code over. */
export function codePage(visit: OwnerVisit, code: Buffer): PageReply {
  const { t, info } = visit
  const reveal = new Reveal()
  return {
    kind: 'page',
    title: t('codePage.title'),
    reveal,
    body: (
      <>
        <p class="lead">{t('codePage.lead')}</p>
        <RecoverySheet visit={visit} address={info.address} reveal={reveal} code={code} />
        <Notice tone="warning">
          <p>{t('code.once')}</p>
        </Notice>
        <p>
          <a class="button main" href="/confirm-code">
            {t('codePage.next')}
          </a>
        </p>
        <p class="hint">{t('codePage.leave')}</p>
      </>
    ),
  }
}
