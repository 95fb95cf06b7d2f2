// Mail from elsewhere: one form with files, taken in as they come, and then put into the account while a page shows how far it is.
import type { IncomingMessage } from 'node:http'
import { bytesInWords } from '../text.ts'
import { boundaryOf } from '../multipart.ts'
import { MultipartStream } from '../multipart-stream.ts'
import { notePage } from '../views/note.tsx'
import { BodyRefused } from '../body.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { receiveUpload } from '../upload.ts'
import { CurrentPassword, Field, Form, Problems } from '../views/form.tsx'
import { Card, Lines, Notice } from '../views/parts.tsx'

/** Fields and heads of a form beside its files. */
const formBytes = 64 * 1024

function view(visit: OwnerVisit, problems: readonly Problem[] = [], into = ''): Reply {
  const { t, language, site, info } = visit
  const job = site.transfers.importOf(info.accountId)
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('import.title'),
    body: (
      <>
        <p class="lead">{t('import.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {job ? (
          <Notice tone="plain">
            <p>
              <a href="/import/progress">
                {t(job.endedAt === undefined ? 'import.isRunning' : 'import.hasEnded')}
              </a>
            </p>
          </Notice>
        ) : null}
        <Card title={t('import.choose')}>
          <Form visit={visit} action="/import" submit={t('import.submit')} isUpload>
            <CurrentPassword visit={visit} problems={problems} />
            <Field
              name="into"
              label={t('import.into')}
              hint={t('import.intoHint')}
              value={into}
              maxlength={200}
              isOptional
              problems={problems}
            />
            <Field
              name="files"
              label={t('import.files')}
              hint={t('import.filesHint', { size: bytesInWords(language, site.settings.importBytes) })}
              type="file"
              isMultiple
              problems={problems}
            />
          </Form>
        </Card>
        <Card title={t('import.what')}>
          <Lines lines={[t('import.what.1'), t('import.what.2'), t('import.what.3'), t('import.what.4')]} />
        </Card>
      </>
    ),
  }
}

async function upload(visit: OwnerVisit, incoming: IncomingMessage): Promise<Reply> {
  const boundary = boundaryOf(incoming.headers['content-type'] ?? '')
  if (boundary === undefined) return notePage(visit, 'badRequest')
  const announced = Number(incoming.headers['content-length'] ?? 0)
  const atMostBytes = visit.site.settings.importBytes + formBytes
  if (announced > atMostBytes) throw new BodyRefused(413)
  const parts = new MultipartStream(incoming, boundary, { atMostBytes })
  // It has a pace of its own. An archive is unpacked when it is here: all is quiet on the connection then, however long it takes.
  incoming.setTimeout(0)
  const outcome = await receiveUpload(visit, parts)
  // Browsers that are still sending do not listen.
  await parts.drain()
  switch (outcome.kind) {
    case 'begun':
      return { kind: 'redirect', to: '/import/progress' }
    case 'used-form':
      return notePage(visit, 'usedForm')
    case 'problem':
      return view(visit, [outcome.problem], outcome.into)
  }
}

export const importMail: Page = ownerPage({
  path: '/import',
  menu: { title: 'import.title', group: 'mail' },
  suits: ({ atRest }) => atRest !== 'locked',
  get: (visit) => view(visit),
  upload,
})
