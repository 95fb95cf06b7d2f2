// New keys for the mailbox, and if its owner wants it for every message: for when old keys, or a backup of them, may be in wrong hands.
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { atRestOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { Choice, CurrentPassword, Form, Problems } from '../views/form.tsx'
import { Card, Lines } from '../views/parts.tsx'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t } = visit
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('renew.title'),
    body: (
      <>
        <p class="lead">{t('renew.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Card title={t('turnOn.means')}>
          <Lines lines={[t('renew.means.1'), t('renew.means.2'), t('renew.means.3')]} />
        </Card>
        <Form visit={visit} action="/renew-keys" submit={t('renew.submit')}>
          <Choice
            name="bodies"
            legend={t('renew.which')}
            chosen="keys"
            options={[
              ['keys', t('renew.keys')],
              ['all', t('renew.all')],
            ]}
          />
          <CurrentPassword visit={visit} problems={problems} />
        </Form>
      </>
    ),
  }
}

export const renewKeys: Page = ownerPage({
  path: '/renew-keys',
  menu: { title: 'renew.title', group: 'security' },
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest === 'on',
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info } = visit
    const accounts = atRestOf(site.accounts)
    if (!accounts) return { kind: 'redirect', to: '/' }
    const secret = { kind: 'password', password: form.secret('password') } as const
    const reencrypt = form.text('bodies') === 'all'
    try {
      const { finished } = await attempting(visit, info.address, () =>
        accounts.rotateKeys(info.address, secret, { reencrypt }),
      )
      finished.catch(() => undefined)
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password' })])
    }
    return { kind: 'redirect', to: '/progress' }
  },
})
