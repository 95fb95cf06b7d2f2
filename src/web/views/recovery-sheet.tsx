// A recovery code, shown once: to print, to save as a text file, to copy, to scan.
import type { FC } from 'hono/jsx'
import { secretBuffer, secretCopy } from '../../base/secret.ts'
import { recoveryWordsOf } from '../../crypto/recovery-code.ts'
import type { Visit } from '../page.ts'
import { qrDataUrl } from '../qr.ts'
import type { Reveal } from '../reveal.ts'
import { day } from '../text.ts'
import { Icon } from './icon.tsx'

interface SheetProps {
  readonly visit: Visit
  readonly address: string
  readonly reveal: Reveal
  /** Taken over and wiped with the page. */
  readonly code: Buffer
}

/** Where the code can be typed in again. */
function recoverUrl({ peer, site }: Visit): string {
  return `${peer.origin ?? `https://${site.settings.hostname}`}/recover`
}

function textFile({ visit, address, code }: SheetProps): Buffer {
  const { t, language, site } = visit
  const text = t('sheet.file', {
    address,
    server: site.settings.hostname,
    date: day(language, site.clock.now()),
    url: recoverUrl(visit),
    code: '\uE002',
    words: '\uE003',
  })
  const encoded = (plain: string): Buffer =>
    Buffer.from(encodeURIComponent(plain.replaceAll('\n', '\r\n')).replaceAll("'", '%27'))
  const words = inUrl(recoveryWordsOf(code))
  const parts = text.split(/([\uE002\uE003])/).map((part) => {
    if (part === '\uE002') return code
    return part === '\uE003' ? words : encoded(part)
  })
  const file = secretCopy(Buffer.concat([Buffer.from('data:text/plain;charset=utf-8,'), ...parts]))
  words.fill(0)
  return file
}

/** Words with single spaces, as a URL holds them. Wipes what it is given. */
function inUrl(words: Buffer): Buffer {
  const spaces = words.filter((octet) => octet === 0x20).length
  const written = secretBuffer(words.length + 2 * spaces)
  let at = 0
  for (const octet of words) {
    if (octet === 0x20) at += written.write('%20', at, 'latin1')
    else written[at++] = octet
  }
  words.fill(0)
  return written
}

/** Views of what stands between the separators. */
function piecesOf(text: Buffer, separator: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let start = 0; start < text.length;) {
    const found = text.indexOf(separator, start)
    const end = found < 0 ? text.length : found
    pieces.push(text.subarray(start, end))
    start = end + 1
  }
  return pieces
}

/** Groups of a code or an app password, each on its own for eyes and screen readers; the script copies them as one. */
export const Groups: FC<{ readonly reveal: Reveal; readonly code: Buffer; readonly label: string }> = ({
  reveal,
  code,
  label,
}) => (
  <ol class="code" id="code" aria-label={label}>
    {piecesOf(code, 0x2d).map((group) => (
      <li>{reveal.mark(group)}</li>
    ))}
  </ol>
)

export const RecoverySheet: FC<SheetProps> = (given) => {
  const { visit, address, reveal, code } = given
  const { t, language, site } = visit
  return (
    <section class="sheet" aria-label={t('sheet.title')}>
      <h2>{t('sheet.title')}</h2>
      <dl class="facts">
        <div>
          <dt>{t('sheet.address')}</dt>
          <dd>{address}</dd>
        </div>
        <div>
          <dt>{t('sheet.server')}</dt>
          <dd>{site.settings.hostname}</dd>
        </div>
        <div>
          <dt>{t('sheet.date')}</dt>
          <dd>{day(language, site.clock.now())}</dd>
        </div>
        <div>
          <dt>{t('sheet.where')}</dt>
          <dd>{recoverUrl(visit)}</dd>
        </div>
      </dl>
      <div class="code-and-qr">
        <Groups reveal={reveal} code={code} label={t('sheet.code')} />
        <img class="qr" src={reveal.mark(qrDataUrl(code))} alt={t('sheet.qr')} width="160" height="160" />
      </div>
      <p class="words">
        <span class="hint">{t('sheet.words')}</span>{' '}
        <span id="words">
          {piecesOf(recoveryWordsOf(code), 0x20).map((word) => (
            <>{reveal.mark(word)} </>
          ))}
        </span>
      </p>
      <p class="only-print blank">{t('sheet.passwordLine')}</p>
      <p class="only-print">{t('sheet.keep')}</p>
      <p class="sheet-actions">
        <button type="button" data-comfort="print" hidden>
          {t('sheet.print')}
        </button>
        <button type="button" data-comfort="copy" data-copy="code" data-done={t('sheet.copied')} hidden>
          {t('sheet.copy')}
        </button>
        <a
          class="button"
          href={reveal.mark(textFile(given))}
          download={`recovery-code-${address.replace(/[^\w.@-]/g, '_')}.txt`}
        >
          <Icon name="key" />
          {t('sheet.download')}
        </a>
      </p>
      <p class="hint no-script-only">{t('sheet.printHint')}</p>
    </section>
  )
}
