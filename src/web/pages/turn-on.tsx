// Turning encryption on: what it means, the password, the code shown once. It is on only when the code was typed back (confirm-code.tsx).
import type { AtRestStatus } from '../../account/api-lifecycle.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { atRestOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Form, Problems, Tick } from '../views/form.tsx'
import { Card, Lines, Notice } from '../views/parts.tsx'
import { codePage } from './code-page.tsx'

function escrowLine({ t }: OwnerVisit, { adminRecovery }: AtRestStatus): string {
  switch (adminRecovery) {
    case 'forbidden':
      return t('turnOn.escrow.forbidden')
    case 'none':
      return t('turnOn.escrow.none')
    case 'possible':
    case 'active':
      return t('turnOn.escrow.possible')
  }
}

async function view(visit: OwnerVisit, problems: readonly Problem[] = []): Promise<Reply> {
  const { t, site, info } = visit
  const status = await atRestOf(site.accounts)?.atRestStatus(info.address)
  if (!status) return { kind: 'redirect', to: '/' }
  if (status.policy === 'off') {
    return { kind: 'page', title: t('turnOn.title'), body: <p class="lead">{t('turnOn.notOffered')}</p> }
  }
  const isWatched = status.adminRecovery === 'possible' || status.adminRecovery === 'active'
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('turnOn.title'),
    body: (
      <>
        <p class="lead">{t('turnOn.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Card title={t('turnOn.means')}>
          <Lines
            lines={[
              t('turnOn.means.1'),
              t('turnOn.means.2'),
              t('turnOn.means.3'),
              t('turnOn.means.4'),
              t('turnOn.means.5'),
            ]}
          />
        </Card>
        <Card title={t('turnOn.cannot')}>
          <Lines
            lines={[t('turnOn.cannot.1'), t('turnOn.cannot.2'), t('turnOn.cannot.3'), t('turnOn.cannot.4')]}
          />
        </Card>
        <Notice tone={isWatched ? 'warning' : 'plain'}>
          <p>{escrowLine(visit, status)}</p>
        </Notice>
        <Form visit={visit} action="/turn-on" submit={t('turnOn.submit')}>
          <CurrentPassword visit={visit} problems={problems} />
          <Tick name="understood" label={t('turnOn.understood')} problems={problems} />
        </Form>
        <p class="hint">{t('turnOn.nothingYet')}</p>
      </>
    ),
  }
}

export const turnOn: Page = ownerPage({
  path: '/turn-on',
  menu: { title: 'turnOn.menu', group: 'security' },
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest === 'off',
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, session, t } = visit
    const accounts = atRestOf(site.accounts)
    if (!accounts) return { kind: 'redirect', to: '/' }
    if (!form.isTicked('understood'))
      return view(visit, [{ field: 'understood', text: t('turnOn.mustTick') }])
    try {
      const offer = await attempting(visit, info.address, () =>
        accounts.offerEnable(info.address, form.secret('password')),
      )
      if (session.offer) accounts.withdrawOffer(session.offer.offerId)
      session.offer = { offerId: offer.offerId, kind: 'enable', expiresAt: offer.expiresAt }
      return codePage(visit, offer.recoveryCode)
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password' })])
    }
  },
})
