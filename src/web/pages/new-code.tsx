// A new recovery code: the old one stays good until the new one was typed back.
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { atRestOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Form, Problems } from '../views/form.tsx'
import { codePage } from './code-page.tsx'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t } = visit
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('newCode.title'),
    body: (
      <>
        <p class="lead">{t('newCode.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Form visit={visit} action="/new-code" submit={t('newCode.submit')}>
          <CurrentPassword visit={visit} problems={problems} />
        </Form>
      </>
    ),
  }
}

export const newCode: Page = ownerPage({
  path: '/new-code',
  menu: { title: 'newCode.title', group: 'security' },
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest === 'on' || atRest === 'converting',
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, session } = visit
    const accounts = atRestOf(site.accounts)
    if (!accounts) return { kind: 'redirect', to: '/' }
    try {
      const offer = await attempting(visit, info.address, () =>
        accounts.offerRecoveryCode(info.address, form.secret('password')),
      )
      if (session.offer) accounts.withdrawOffer(session.offer.offerId)
      session.offer = { offerId: offer.offerId, kind: 'renew', expiresAt: offer.expiresAt }
      return codePage(visit, offer.recoveryCode)
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password' })])
    }
  },
})
