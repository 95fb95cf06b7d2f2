// The admin's view: accounts and their state, jobs, sessions, health. It changes nothing, and there is no way to mail in it.
import type { AccountInfo } from '../../account/api.ts'
import type { JobStatus } from '../../account/api-lifecycle.ts'
import { ownerPage, type OwnerVisit, type Page, type Reply } from '../page.ts'
import { atRestOf, escrowOf } from '../site.ts'
import { bytesInWords, moment } from '../text.ts'
import type { TextKey } from '../texts/catalogue.ts'
import { Card, Facts } from '../views/parts.tsx'
import { isWithoutCode } from './overview.tsx'

/** Accounts on one page. */
const pageSize = 50

interface Row {
  readonly info: AccountInfo
  readonly job: JobStatus | undefined
  readonly isWithoutCode: boolean
}

async function accountsFrom({ site }: OwnerVisit, start: number): Promise<{ rows: Row[]; total: number }> {
  const rows: Row[] = []
  let total = 0
  for await (const info of site.accounts.list()) {
    total += 1
    if (total <= start || rows.length === pageSize) continue
    const status = await atRestOf(site.accounts)
      ?.atRestStatus(info.address)
      .catch(() => undefined)
    rows.push({ info, job: status?.job, isWithoutCode: status !== undefined && isWithoutCode(status) })
  }
  return { rows, total }
}

function stateOf({ t }: OwnerVisit, { info, job, isWithoutCode }: Row): string {
  const words = t(`state.${info.atRest}` satisfies TextKey)
  const parts = [
    words,
    ...(isWithoutCode ? [t('admin.noCode')] : []),
    ...(info.isDisabled ? [t('admin.disabled')] : []),
    ...(info.isUnlocked ? [t('admin.unlocked')] : []),
  ]
  return job
    ? `${parts.join(', ')} (${t('job.words', { done: job.done, total: job.total })})`
    : parts.join(', ')
}

async function escrowWords({ t, site, language }: OwnerVisit): Promise<string | undefined> {
  const status = await escrowOf(site.accounts)?.escrowStatus()
  if (!status) return undefined
  const { isSet, accounts, threshold, holders } = status
  return isSet
    ? t('admin.escrow.set', { accounts: accounts.toLocaleString(language), threshold, holders })
    : t('admin.escrow.none')
}

async function get(visit: OwnerVisit): Promise<Reply> {
  const { t, site, language, query } = visit
  const start = Math.max(0, Math.floor((Number(query.get('from')) || 0) / pageSize) * pageSize)
  const [{ rows, total }, escrow] = [await accountsFrom(visit, start), await escrowWords(visit)]
  const { version, startedAt, listeners, certificateEndsAt } = site.health()
  const sessions = site.accounts.sessions()
  return {
    kind: 'page',
    title: t('admin.title'),
    body: (
      <>
        <p class="lead">{t('admin.lead')}</p>
        <Card title={t('admin.health')}>
          <Facts
            pairs={[
              [t('admin.version'), version],
              [t('admin.startedAt'), moment(language, startedAt)],
              [t('admin.listeners'), listeners.join(', ')],
              [
                t('admin.certificate'),
                certificateEndsAt === undefined ? t('admin.unknown') : moment(language, certificateEndsAt),
              ],
              ...(escrow === undefined ? [] : [[t('admin.escrow'), escrow] as const]),
            ]}
          />
        </Card>
        <section class="card wide">
          <h2 id="accounts">{t('admin.accounts', { count: total })}</h2>
          <div class="scroll" tabindex={0} role="region" aria-labelledby="accounts">
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('admin.address')}</th>
                  <th scope="col">{t('admin.state')}</th>
                  <th scope="col">{t('admin.size')}</th>
                  <th scope="col">{t('admin.waiting')}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr>
                    <th scope="row">{row.info.address}</th>
                    <td data-label={t('admin.state')}>{stateOf(visit, row)}</td>
                    <td data-label={t('admin.size')}>
                      {bytesInWords(language, row.info.usedBytes)}
                      {row.info.quotaBytes === undefined
                        ? ''
                        : ` / ${bytesInWords(language, row.info.quotaBytes)}`}
                    </td>
                    <td data-label={t('admin.waiting')}>
                      {row.info.pendingArrivals.toLocaleString(language)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p class="pager">
            {start > 0 ? <a href={`/admin?from=${start - pageSize}`}>{t('admin.previous')}</a> : null}{' '}
            {start + pageSize < total ? (
              <a href={`/admin?from=${start + pageSize}`}>{t('admin.next')}</a>
            ) : null}
          </p>
        </section>
        <section class="card wide">
          <h2 id="connected">{t('admin.sessions', { count: sessions.length })}</h2>
          {sessions.length === 0 ? (
            <p>{t('sessions.nobody')}</p>
          ) : (
            <div class="scroll" tabindex={0} role="region" aria-labelledby="connected">
              <table>
                <thead>
                  <tr>
                    <th scope="col">{t('admin.address')}</th>
                    <th scope="col">{t('sessions.from')}</th>
                    <th scope="col">{t('sessions.since')}</th>
                  </tr>
                </thead>
                <tbody>
                  {sessions.slice(0, 200).map((row) => (
                    <tr>
                      <th scope="row">{row.address}</th>
                      <td
                        data-label={t('sessions.from')}
                      >{`${row.protocol}, ${row.remoteAddress}${row.isTls ? ', TLS' : ''}`}</td>
                      <td data-label={t('sessions.since')}>{moment(language, row.since)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </section>
        <p class="hint">{t('admin.commands')}</p>
      </>
    ),
  }
}

export const admin: Page = ownerPage({
  path: '/admin',
  access: 'admin',
  menu: { title: 'admin.title', group: 'admin' },
  get,
})
