// How to set up a mail program: names and ports as text first, then what programs can read by themselves.
import { appleProfile } from '../mail-programs/apple-profile.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { slotsOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Form, Problems } from '../views/form.tsx'
import { Card, Facts, Notice } from '../views/parts.tsx'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t, site, info } = visit
  const { incoming, submission } = site.settings
  const hasAppPasswords = slotsOf(site.accounts) !== undefined
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('setUp.title'),
    body: (
      <>
        <p class="lead">{t('setUp.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {incoming.map((way, index) => (
          <Card title={t(index === 0 ? 'setUp.incoming' : 'setUp.incomingToo')}>
            <Facts
              pairs={[
                [t('setUp.protocol'), 'IMAP'],
                [t('setUp.server'), <code>{way.host}</code>],
                [t('setUp.port'), <code>{String(way.port)}</code>],
                [t('setUp.security'), way.security === 'tls' ? 'SSL/TLS' : 'STARTTLS'],
                [t('setUp.user'), <code>{info.address}</code>],
                [t('setUp.authentication'), t('setUp.normal')],
              ]}
            />
          </Card>
        ))}
        {submission ? (
          <Card title={t('setUp.outgoing')}>
            <Facts
              pairs={[
                [t('setUp.protocol'), 'SMTP'],
                [t('setUp.server'), <code>{submission.host}</code>],
                [t('setUp.port'), <code>{String(submission.port)}</code>],
                [t('setUp.security'), submission.port === 465 ? 'SSL/TLS' : 'STARTTLS'],
                [t('setUp.user'), <code>{info.address}</code>],
                [t('setUp.authentication'), t('setUp.normal')],
              ]}
            />
          </Card>
        ) : null}
        <Card title={t('setUp.thunderbird')}>
          <p>{t('setUp.thunderbirdText')}</p>
          {hasAppPasswords ? (
            <p>
              {t('setUp.androidText')} <a href="/app-passwords#new">{t('setUp.androidLink')}</a>
            </p>
          ) : null}
        </Card>
        <Card title={t('setUp.outlook')}>
          <p>{t('setUp.outlookText')}</p>
        </Card>
        {hasAppPasswords ? (
          <Card title={t('setUp.apple')} id="apple">
            <p>{t('setUp.appleText')}</p>
            <Form visit={visit} action="/set-up" submit={t('setUp.appleSubmit')}>
              <CurrentPassword visit={visit} problems={problems} />
            </Form>
          </Card>
        ) : null}
        <Notice tone="plain">
          <p>{t('setUp.nothingChanges')}</p>
        </Notice>
      </>
    ),
  }
}

export const setUp: Page = ownerPage({
  path: '/set-up',
  menu: { title: 'setUp.title', group: 'mail' },
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, t } = visit
    const accounts = slotsOf(site.accounts)
    if (!accounts) return view(visit)
    const secret = { kind: 'password', password: form.secret('password') } as const
    const wanted = { name: t('setUp.appleName'), protocols: ['imap', 'submission'] as const }
    try {
      const { text } = await attempting(visit, info.address, () =>
        accounts.addAppPassword(info.address, secret, wanted),
      )
      const bytes = appleProfile(site.settings, info.address, text)
      text.fill(0)
      return {
        kind: 'file',
        type: 'application/x-apple-aspen-config',
        name: `${info.address}.mobileconfig`,
        bytes,
        isSecret: true,
      }
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password' })])
    }
  },
})
