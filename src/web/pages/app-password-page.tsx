// The one time that an app password is shown: as text, and as QR codes.
import type { AppPassword } from '../../account/api-lifecycle.ts'
import { secretCopy } from '../../base/secret.ts'
import { thunderbirdQr } from '../mail-programs/thunderbird-qr.ts'
import type { OwnerVisit, PageReply } from '../page.ts'
import { qrDataUrl } from '../qr.ts'
import type { Reveal } from '../reveal.ts'
import { Card, Notice } from '../views/parts.tsx'
import { Groups } from '../views/recovery-sheet.tsx'

/** Takes the text over. */
export function appPasswordPage(
  visit: OwnerVisit,
  { name }: AppPassword,
  text: Buffer,
  reveal: Reveal,
): PageReply {
  const { t, info, site } = visit
  const setUp = thunderbirdQr(site.settings, info.address, name, text)
  return {
    kind: 'page',
    title: t('appShown.title', { name }),
    reveal,
    body: (
      <>
        <p class="lead">{t('appShown.lead')}</p>
        <section class="sheet" aria-label={t('appShown.sheet')}>
          <Groups reveal={reveal} code={secretCopy(text)} label={t('appShown.sheet')} />
          <p class="sheet-actions">
            <button type="button" data-comfort="copy" data-copy="code" data-done={t('sheet.copied')} hidden>
              {t('sheet.copy')}
            </button>
          </p>
        </section>
        <Notice tone="warning">
          <p>{t('appShown.once')}</p>
        </Notice>
        <Card title={t('appShown.scan')}>
          <div class="qr-pair">
            <figure>
              <img
                class="qr"
                src={reveal.mark(qrDataUrl(text))}
                alt={t('appShown.qrPlain')}
                width="160"
                height="160"
              />
              <figcaption>{t('appShown.qrPlain')}</figcaption>
            </figure>
            {setUp ? (
              <figure>
                <img
                  class="qr"
                  src={reveal.mark(qrDataUrl(setUp))}
                  alt={t('appShown.qrThunderbird')}
                  width="240"
                  height="240"
                />
                <figcaption>{t('appShown.qrThunderbird')}</figcaption>
              </figure>
            ) : null}
          </div>
          <p class="hint">{t('appShown.scanHint')}</p>
        </Card>
        <p>
          <a class="button main" href="/app-passwords">
            {t('appShown.done')}
          </a>
        </p>
      </>
    ),
  }
}
