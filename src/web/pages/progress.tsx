// How far a job is: a page that loads itself again, and a stream of numbers for browsers that run the script.
import { setTimeout as pause } from 'node:timers/promises'
import type { AtRestStatus } from '../../account/api-lifecycle.ts'
import { ownerPage, type OwnerVisit, type Page, type Reply } from '../page.ts'
import { atRestOf } from '../site.ts'
import { Bar, Notice } from '../views/parts.tsx'

const askMs = 700
/** A stream ends after this; the script opens the next one. */
const streamMs = 60_000

function statusOf({ site, info }: OwnerVisit): Promise<AtRestStatus> | undefined {
  return atRestOf(site.accounts)?.atRestStatus(info.address)
}

async function get(visit: OwnerVisit): Promise<Reply> {
  const { t } = visit
  const status = await statusOf(visit)
  if (!status) return { kind: 'redirect', to: '/' }
  const { job, state } = status
  if (!job) {
    return {
      kind: 'page',
      title: t('progress.done.title'),
      body: (
        <>
          <Notice tone="good">
            <p>
              {t(
                state === 'on'
                  ? 'progress.done.on'
                  : state === 'off'
                    ? 'progress.done.off'
                    : 'progress.done.waits',
              )}
            </p>
          </Notice>
          <p>{t('progress.done.test')}</p>
          <p>
            <a class="button main" href="/">
              {t('note.overview')}
            </a>
          </p>
        </>
      ),
    }
  }
  return {
    kind: 'page',
    title: t('progress.title'),
    refreshSeconds: 5,
    body: (
      <>
        <p class="lead">{t('progress.lead')}</p>
        <div data-comfort="progress" data-source="/progress/events" data-words={t('progress.script')}>
          <Bar
            label={t('job.label')}
            words={t('job.words', { done: job.done, total: job.total })}
            value={job.done}
            max={job.total}
          />
        </div>
        {job.waitsFor === undefined ? null : <p>{t('progress.waits', { reason: job.waitsFor })}</p>}
        <p>{t('progress.leave')}</p>
        <p>
          <a href="/">{t('note.overview')}</a>
        </p>
      </>
    ),
  }
}

async function* events(visit: OwnerVisit): AsyncGenerator<Buffer> {
  const { session, site } = visit
  const until = performance.now() + streamMs
  let last = ''
  // Asked for as long as the browser listens and the session stands.
  while (performance.now() < until && site.sessions.of(session.address).includes(session)) {
    const job = (await statusOf(visit))?.job
    const data = JSON.stringify(job ? { done: job.done, total: job.total } : { ended: true })
    if (data !== last) yield Buffer.from(`data: ${data}\n\n`)
    else yield Buffer.from(':\n\n')
    last = data
    if (!job) return
    await pause(askMs)
  }
}

export const progress: Page = ownerPage({
  path: '/progress',
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  get,
})

export const progressEvents: Page = ownerPage({
  path: '/progress/events',
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  get: (visit) => ({ kind: 'stream', type: 'text/event-stream', chunks: events(visit) }),
})
