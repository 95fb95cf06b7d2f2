// Turning encryption off: the server can read the mail again.
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { atRestOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Form, Problems, Tick } from '../views/form.tsx'
import { Card, Lines } from '../views/parts.tsx'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t } = visit
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('turnOff.title'),
    body: (
      <>
        <p class="lead">{t('turnOff.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Card title={t('turnOff.means')}>
          <Lines lines={[t('turnOff.means.1'), t('turnOff.means.2'), t('turnOff.means.3')]} />
        </Card>
        <Form visit={visit} action="/turn-off" submit={t('turnOff.submit')} tone="danger">
          <CurrentPassword visit={visit} problems={problems} />
          <Tick name="understood" label={t('turnOff.understood')} problems={problems} />
        </Form>
      </>
    ),
  }
}

export const turnOff: Page = ownerPage({
  path: '/turn-off',
  menu: { title: 'turnOff.title', group: 'security' },
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest === 'on' || atRest === 'converting',
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, t } = visit
    const accounts = atRestOf(site.accounts)
    if (!accounts) return { kind: 'redirect', to: '/' }
    if (!form.isTicked('understood'))
      return view(visit, [{ field: 'understood', text: t('turnOn.mustTick') }])
    try {
      const secret = { kind: 'password', password: form.secret('password') } as const
      const { finished } = await attempting(visit, info.address, () =>
        accounts.disableAtRest(info.address, secret),
      )
      finished.catch(() => undefined)
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password' })])
    }
    return { kind: 'redirect', to: '/progress' }
  },
})
