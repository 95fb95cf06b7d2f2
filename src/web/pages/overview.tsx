// The first page after signing in: how the mail is kept, how much there is, and what its owner should know or do.
import type { AtRestState } from '../../account/api.ts'
import type { AtRestStatus } from '../../account/api-lifecycle.ts'
import { ownerPage, type OwnerVisit, type Page, type Reply } from '../page.ts'
import { atRestOf, recoveryOf, rollbacksOf } from '../site.ts'
import { bytesInWords, moment } from '../text.ts'
import type { TextKey } from '../texts/catalogue.ts'
import { Icon, type IconName } from '../views/icon.tsx'
import { Bar, Card, Facts, Notice } from '../views/parts.tsx'
import { WaitingRecovery } from './cancel-recovery.tsx'
import { trailText } from './trail.tsx'

const dayMs = 24 * 3_600_000

interface StateWords {
  readonly icon: IconName
  readonly tone: string
  readonly word: TextKey
  readonly sentence: TextKey
}

const states: Readonly<Record<AtRestState, StateWords>> = {
  off: { icon: 'open', tone: 'plain', word: 'state.off', sentence: 'state.off.sentence' },
  converting: {
    icon: 'working',
    tone: 'working',
    word: 'state.converting',
    sentence: 'state.converting.sentence',
  },
  on: { icon: 'locked', tone: 'good', word: 'state.on', sentence: 'state.on.sentence' },
  disabling: {
    icon: 'working',
    tone: 'working',
    word: 'state.disabling',
    sentence: 'state.disabling.sentence',
  },
  locked: { icon: 'warning', tone: 'bad', word: 'state.locked', sentence: 'state.locked.sentence' },
}

/** Nothing of the owner's own opens the mail when the password is forgotten: so it is where encryption began at a login, by an admin's mark. */
export function isWithoutCode({ state, hasRecoveryCode }: AtRestStatus): boolean {
  return (state === 'on' || state === 'converting') && !hasRecoveryCode
}

/** The code should be tried two weeks after it was made, and every year. */
export function isCodeCheckDue(status: AtRestStatus, now: number): boolean {
  if (status.state !== 'on' || !status.hasRecoveryCode) return false
  const { enabledAt, recoveryCodeCheckedAt } = status
  if (recoveryCodeCheckedAt === undefined) return enabledAt === undefined || now - enabledAt > 14 * dayMs
  return now - recoveryCodeCheckedAt > 365 * dayMs
}

const StateCard = ({ visit, status }: { visit: OwnerVisit; status: AtRestStatus | undefined }) => {
  const { t, info, site } = visit
  const { icon, tone, word, sentence } = states[info.atRest]
  const canChange = atRestOf(site.accounts) !== undefined
  const { job } = status ?? {}
  return (
    <section class={`card state ${tone}`}>
      <p class="state-word">
        <Icon name={icon} />
        <span>{t(word)}</span>
      </p>
      <p>{t(sentence)}</p>
      {job ? (
        <Bar
          label={t('job.label')}
          words={t('job.words', { done: job.done, total: job.total })}
          value={job.done}
          max={job.total}
        />
      ) : null}
      {canChange && info.atRest === 'off' ? (
        <p>
          <a class="button main" href="/turn-on">
            {t('overview.turnOn')}
          </a>
        </p>
      ) : null}
      {info.atRest === 'locked' ? (
        <p>
          <a class="button main" href="/unlock">
            {t('overview.unlock')}
          </a>
        </p>
      ) : null}
      {job ? (
        <p>
          <a href="/progress">{t('overview.progress')}</a>
        </p>
      ) : null}
    </section>
  )
}

const Rollback = ({
  visit,
  found,
}: {
  visit: OwnerVisit
  found: { seenVersion: number; presentVersion: number; seenAt: number }
}) => {
  const { t, language } = visit
  return (
    <Notice tone="bad">
      <h2>{t('rollback.title')}</h2>
      <p>
        {t('rollback.text', {
          when: moment(language, found.seenAt),
          missing: found.seenVersion - found.presentVersion,
        })}
      </p>
      <p>
        <a href="/rolled-back">{t('rollback.more')}</a>
      </p>
    </Notice>
  )
}

const News = ({ visit }: { visit: OwnerVisit }) => {
  const { t, session, language } = visit
  const fresh = session.trail.filter(({ isNew, by }) => isNew && by !== 'owner')
  if (fresh.length === 0) return null
  return (
    <Notice tone={fresh.some(({ by }) => by === 'admin-key') ? 'bad' : 'warning'}>
      <h2>{t('news.title')}</h2>
      <ul>
        {fresh.map((entry) => (
          <li>
            {moment(language, entry.at)}: {trailText(visit, entry)}
          </li>
        ))}
      </ul>
      <p>
        <a href="/history">{t('news.more')}</a>
      </p>
    </Notice>
  )
}

async function get(visit: OwnerVisit): Promise<Reply> {
  const { t, info, site, language, session } = visit

  const status = await atRestOf(site.accounts)?.atRestStatus(info.address)
  const rollback = await rollbacksOf(site.accounts)?.rollback(info.address)
  const waiting = await recoveryOf(site.accounts)?.waitingRecovery(info.address)
  const used = bytesInWords(language, info.usedBytes)
  const { quotaBytes } = info
  const others = site.sessions.of(session.address).length - 1
  return {
    kind: 'page',
    title: t('overview.title'),
    body: (
      <>
        {rollback ? <Rollback visit={visit} found={rollback} /> : null}
        {waiting ? <WaitingRecovery visit={visit} readyAt={waiting.readyAt} /> : null}
        <News visit={visit} />
        {status && isWithoutCode(status) ? (
          <Notice tone="bad" icon="key">
            <h2>{t('overview.noCode')}</h2>
            <p>{t(status.adminRecovery === 'active' ? 'overview.noCodeAdmin' : 'overview.noCodeText')}</p>
            <p>
              <a class="button main" href="/new-code">
                {t('overview.noCodeLink')}
              </a>
            </p>
          </Notice>
        ) : null}
        {status && isCodeCheckDue(status, site.clock.now()) ? (
          <Notice tone="warning" icon="key">
            <p>{t('overview.checkCode')}</p>
            <p>
              <a href="/test-code">{t('overview.checkCodeLink')}</a>
            </p>
          </Notice>
        ) : null}
        <StateCard visit={visit} status={status} />
        <Card title={t('overview.space')}>
          {quotaBytes === undefined ? (
            <p>{t('overview.used', { used })}</p>
          ) : (
            <>
              <Bar
                label={t('overview.space')}
                words={t('overview.usedOf', {
                  used,
                  quota: bytesInWords(language, quotaBytes),
                  share: (info.usedBytes / Math.max(quotaBytes, 1)).toLocaleString(language, {
                    style: 'percent',
                  }),
                })}
                value={info.usedBytes}
                max={quotaBytes}
              />
              {info.usedBytes > 0.9 * quotaBytes ? <p class="problem">{t('overview.nearlyFull')}</p> : null}
            </>
          )}
          {info.pendingArrivals > 0 ? <p>{t('overview.waiting', { count: info.pendingArrivals })}</p> : null}
        </Card>
        <Card title={t('overview.signedIn')}>
          <Facts
            pairs={[
              [t('overview.since'), moment(language, session.startedAt)],
              [t('overview.from'), session.remoteAddress],
              [t('overview.otherPages'), others === 0 ? t('overview.none') : others.toLocaleString(language)],
            ]}
          />
          <p>
            <a href="/sessions">{t('overview.sessions')}</a>
          </p>
        </Card>
      </>
    ),
  }
}

export const overview: Page = ownerPage({ path: '/', menu: { title: 'overview.title', group: 'mail' }, get })
