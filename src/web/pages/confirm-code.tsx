// Typing the new code back: only then it counts, and, when turning on, only then encryption begins.
import type { AtRestApi } from '../../account/api-lifecycle.ts'
import { isRefusal } from '../../account/errors.ts'
import type { Form as SentForm } from '../form.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import type { PendingOffer } from '../sessions.ts'
import { atRestOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Field, Form, Problems } from '../views/form.tsx'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t, session, site } = visit
  const { offer } = session
  if (!offer || offer.expiresAt <= site.clock.now()) return expired(visit)
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('confirm.title'),
    body: (
      <>
        <p class="lead">{t('confirm.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Form
          visit={visit}
          action="/confirm-code"
          submit={t(offer.kind === 'enable' ? 'confirm.submitEnable' : 'confirm.submitRenew')}
        >
          <Field
            name="typed"
            label={t('confirm.typed')}
            hint={t('confirm.hint')}
            isCode
            problems={problems}
          />
          {offer.kind === 'renew' ? <CurrentPassword visit={visit} problems={problems} /> : null}
        </Form>
        <Form visit={visit} action="/confirm-code" submit={t('confirm.cancel')} tone="quiet" what="cancel">
          <></>
        </Form>
        <p class="hint">
          {t('confirm.until', { minutes: Math.ceil((offer.expiresAt - site.clock.now()) / 60_000) })}
        </p>
      </>
    ),
  }
}

function expired(visit: OwnerVisit): Reply {
  const { t, info } = visit
  return {
    kind: 'page',
    status: 409,
    title: t('confirm.expired.title'),
    body: (
      <>
        <p class="lead">{t('confirm.expired.text')}</p>
        <p>
          <a class="button" href={info.atRest === 'off' ? '/turn-on' : '/new-code'}>
            {t('confirm.expired.again')}
          </a>
        </p>
      </>
    ),
  }
}

async function accept(
  visit: OwnerVisit,
  accounts: AtRestApi,
  offer: PendingOffer,
  form: SentForm,
): Promise<void> {
  const { address } = visit.info
  if (offer.kind === 'renew') {
    await attempting(visit, address, () =>
      accounts.acceptRecoveryCode(offer.offerId, form.secret('typed'), form.secret('password')),
    )
    return
  }
  const { finished } = await accounts.acceptEnable(offer.offerId, form.secret('typed'))
  // What goes wrong later stands in the account's state, and the next login goes on.
  finished.catch(() => undefined)
}

async function post(visit: OwnerVisit, form: SentForm): Promise<Reply> {
  const { site, session, t, info } = visit
  const { offer } = session
  const accounts = atRestOf(site.accounts)
  if (!offer || !accounts) return expired(visit)
  if (form.text('what') === 'cancel') {
    accounts.withdrawOffer(offer.offerId)
    session.offer = undefined
    session.flash = t(offer.kind === 'enable' ? 'confirm.cancelledEnable' : 'confirm.cancelledRenew')
    return { kind: 'redirect', to: '/' }
  }
  if (form.secret('typed').length === 0) return view(visit, [{ field: 'typed', text: t('confirm.missing') }])
  try {
    await accept(visit, accounts, offer, form)
  } catch (error) {
    if (isRefusal(error) && (error.code as string) === 'offer-expired') {
      session.offer = undefined
      return expired(visit)
    }
    if (isRefusal(error, 'wrong-recovery-code'))
      return view(visit, [{ field: 'typed', text: t('confirm.wrong') }])
    return view(visit, [problemOf(visit, error, { password: 'password' })])
  }
  session.offer = undefined
  site.log.write('info', 'web.code-confirmed', { user: info.address, what: offer.kind })
  if (offer.kind === 'enable') return { kind: 'redirect', to: '/progress' }
  session.flash = t('confirm.renewed')
  return { kind: 'redirect', to: '/' }
}

export const confirmCode: Page = ownerPage({
  path: '/confirm-code',
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  get: (visit) => view(visit),
  post,
})
