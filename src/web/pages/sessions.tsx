// Who is connected to the account now, and ending one of them.
import { ownerPage, type OwnerVisit, type Page, type Reply } from '../page.ts'
import { moment } from '../text.ts'
import type { TextKey } from '../texts/catalogue.ts'
import { Form } from '../views/form.tsx'
import { Card, Facts } from '../views/parts.tsx'

const kinds: Partial<Record<string, TextKey>> = {
  password: 'sessions.byPassword',
  app: 'sessions.byApp',
  recovery: 'sessions.byRecovery',
  server: 'sessions.byServer',
  escrow: 'sessions.byEscrow',
}

function get(visit: OwnerVisit): Reply {
  const { t, site, info, language, session } = visit
  const rows = site.accounts.sessions().filter(({ address }) => address === info.address)
  const others = site.sessions.of(info.address).filter((one) => one !== session)
  return {
    kind: 'page',
    title: t('sessions.title'),
    body: (
      <>
        <p class="lead">{t('sessions.lead')}</p>
        {rows.length === 0 ? <p>{t('sessions.nobody')}</p> : null}
        {rows.map((row) => {
          const { slotName, client } = row
          const kind = kinds[row.slotKind]
          const by = kind === undefined ? row.slotKind : t(kind)
          return (
            <Card title={client ?? row.protocol.toUpperCase()}>
              <Facts
                pairs={[
                  [t('sessions.from'), `${row.remoteAddress}${row.isTls ? ', TLS' : ''}`],
                  [t('sessions.since'), moment(language, row.since)],
                  [t('sessions.with'), slotName === undefined ? by : `${by}: ${slotName}`],
                ]}
              />
              <Form
                visit={visit}
                action="/sessions"
                submit={t('sessions.end')}
                tone="quiet"
                label={t('sessions.endThis', { name: client ?? row.protocol, address: row.remoteAddress })}
              >
                <input type="hidden" name="session" value={row.sessionId} />
              </Form>
            </Card>
          )
        })}
        <Card title={t('sessions.pages')}>
          <p>
            {others.length === 0
              ? t('sessions.onlyThis')
              : t('sessions.otherPages', { count: others.length })}
          </p>
          {others.length === 0 ? null : (
            <Form visit={visit} action="/sessions" submit={t('sessions.endPages')} tone="quiet" what="pages">
              <></>
            </Form>
          )}
        </Card>
        <p class="hint">{t('sessions.hint')}</p>
      </>
    ),
  }
}

export const sessions: Page = ownerPage({
  path: '/sessions',
  menu: { title: 'sessions.title', group: 'security' },
  get,
  async post({ site, info, session, t }, form) {
    if (form.text('what') === 'pages') {
      site.sessions.endAll(info.address, session)
      session.flash = t('sessions.endedPages')
      return { kind: 'redirect', to: '/sessions' }
    }
    const sessionId = form.text('session')
    // Only one's own: an identifier alone would do for anybody's.
    const isOwn = site.accounts
      .sessions()
      .some((row) => row.sessionId === sessionId && row.address === info.address)
    const reason = 'Ended by the account’s owner'
    const ended = isOwn ? await site.accounts.kick({ sessionId }, reason, 'owner') : 0
    session.flash = t(ended > 0 ? 'sessions.ended' : 'sessions.gone')
    return { kind: 'redirect', to: '/sessions' }
  },
})
