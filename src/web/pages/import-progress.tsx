// How far an import is, and what came of it. Works without the script by loading itself again.
import { setTimeout as pause } from 'node:timers/promises'
import { ownerPage, type OwnerVisit, type Page, type Reply } from '../page.ts'
import type { ImportJob } from '../transfers.ts'
import { transferProblem } from '../upload.ts'
import { troubleInGerman } from '../texts/troubles.ts'
import { Form } from '../views/form.tsx'
import { Bar, Card, Facts, Notice } from '../views/parts.tsx'

const askMs = 500
/** A stream ends after this; the script opens the next one. */
const streamMs = 60_000
const troublesShown = 50

function running(visit: OwnerVisit, job: ImportJob): Reply {
  const { t } = visit
  return {
    kind: 'page',
    title: t('import.title'),
    refreshSeconds: 3,
    body: (
      <>
        <p class="lead">{t('import.running')}</p>
        <div data-comfort="progress" data-source="/import/events" data-words={t('import.script')}>
          <Bar
            label={t('import.bar')}
            words={
              job.total === 0
                ? t('import.looking')
                : t('import.words', { done: Math.floor(job.done / 2), total: Math.floor(job.total / 2) })
            }
            value={job.done}
            max={job.total}
          />
        </div>
        <p>{t('import.leave')}</p>
        <Form visit={visit} action="/import/progress" submit={t('import.stop')} tone="quiet">
          <></>
        </Form>
      </>
    ),
  }
}

/** Why something stayed behind, in the words of the visit where there are some. */
const Reason = ({ visit, reason }: { visit: OwnerVisit; reason: string }) => {
  const german = visit.language === 'de' ? troubleInGerman(reason) : undefined
  return german === undefined ? <span lang="en">{reason}</span> : <span>{german}</span>
}

const Troubles = ({ visit, job }: { visit: OwnerVisit; job: ImportJob }) => {
  const { t } = visit
  const more = job.troubleCount - Math.min(job.troubles.length, troublesShown)
  return (
    <Card title={t('import.troubles')}>
      <ul class="lines">
        {job.troubles.slice(0, troublesShown).map(({ mailbox, label, reason }) => (
          <li>
            {[mailbox, label].filter((word) => word !== undefined).join(', ')}:{' '}
            <Reason visit={visit} reason={reason} />
          </li>
        ))}
      </ul>
      {more > 0 ? <p>{t('import.moreTroubles', { count: more })}</p> : null}
    </Card>
  )
}

function words(visit: OwnerVisit, job: ImportJob): { tone: 'good' | 'bad' | 'warning'; text: string } {
  const { t } = visit
  const { result } = job
  if (job.signal.aborted) return { tone: 'warning', text: t('import.ended') }
  if (!result) return { tone: 'bad', text: transferProblem(visit, job.failure).text }
  if (result.added + result.present + result.left === 0) return { tone: 'bad', text: t('import.nothing') }
  if (result.left > 0 || job.troubleCount > 0) return { tone: 'warning', text: t('import.donePartly') }
  return { tone: 'good', text: t(result.added === 0 ? 'import.doneBefore' : 'import.doneAll') }
}

function over(visit: OwnerVisit, job: ImportJob): Reply {
  const { t, language } = visit
  const { result } = job
  const { tone, text } = words(visit, job)
  const number = (count: number): string => count.toLocaleString(language)
  return {
    kind: 'page',
    title: t('import.overTitle'),
    body: (
      <>
        <Notice tone={tone}>
          <p>{text}</p>
        </Notice>
        {result ? (
          <Card title={t('import.result')}>
            <Facts
              pairs={[
                [t('import.added'), number(result.added)],
                [t('import.present'), number(result.present)],
                [t('import.left'), number(result.left)],
                [t('import.mailboxes'), number(result.mailboxes)],
              ]}
            />
            {result.added > 0 && result.isVerified ? <p class="hint">{t('import.verified')}</p> : null}
          </Card>
        ) : null}
        {job.troubleCount > 0 ? <Troubles visit={visit} job={job} /> : null}
        <p class="actions">
          <a class="button main" href="/">
            {t('note.overview')}
          </a>
          <a class="button" href="/import">
            {t('import.more')}
          </a>
        </p>
      </>
    ),
  }
}

async function* events(visit: OwnerVisit, job: ImportJob): AsyncGenerator<Buffer> {
  const { session, site } = visit
  const until = performance.now() + streamMs
  let last = ''
  while (performance.now() < until && site.sessions.of(session.address).includes(session)) {
    const isOver = job.endedAt !== undefined
    const counts = { done: Math.floor(job.done / 2), total: Math.floor(job.total / 2) }
    const data = JSON.stringify(isOver ? { ended: true } : counts)
    yield Buffer.from(data === last ? ':\n\n' : `data: ${data}\n\n`)
    last = data
    if (isOver) return
    await pause(askMs)
  }
}

const jobOf = ({ site, info }: OwnerVisit): ImportJob | undefined => site.transfers.importOf(info.accountId)

export const importProgress: Page = ownerPage({
  path: '/import/progress',
  get(visit) {
    const job = jobOf(visit)
    if (!job) return { kind: 'redirect', to: '/import' }
    return job.endedAt === undefined ? running(visit, job) : over(visit, job)
  },
  async post(visit) {
    jobOf(visit)?.stop('stopped by the owner')
    return { kind: 'redirect', to: '/import/progress' }
  },
})

export const importEvents: Page = ownerPage({
  path: '/import/events',
  get(visit) {
    const job = jobOf(visit)
    if (!job) return { kind: 'redirect', to: '/import' }
    return { kind: 'stream', type: 'text/event-stream', chunks: events(visit, job) }
  },
})
