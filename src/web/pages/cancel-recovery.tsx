// A recovery that waits: cancelled by the link that its notice has, without signing in, or by the owner with the password.
import { isRefusal } from '../../account/errors.ts'
import type { Form as SentForm } from '../form.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply, type Visit } from '../page.ts'
import { recoveryOf } from '../site.ts'
import { moment } from '../text.ts'
import { attempting, evenly, problemOf } from '../trying.ts'
import { nowSignIn } from '../views/done.tsx'
import { CurrentPassword, Form, Problems } from '../views/form.tsx'
import { Card, Notice } from '../views/parts.tsx'

/** Links that never were, are used, and are too old are answered after the same time. */
const answerMs = 400
/** As the account layer makes them; whatever else stands there is nobody's token. */
const longest = 200

function view(visit: Visit): Reply {
  const { t, query } = visit
  const address = (query.get('address') ?? '').slice(0, longest)
  return {
    kind: 'page',
    title: t('cancel.title'),
    body: (
      <>
        <p class="lead">{t('cancel.lead', { address })}</p>
        <p>{t('cancel.text')}</p>
        <Form visit={visit} action="/recovery/cancel" submit={t('cancel.submit')}>
          <input type="hidden" name="address" value={address} />
          <input type="hidden" name="cancel" value={(query.get('token') ?? '').slice(0, longest)} />
        </Form>
        <p>
          <a href="/sign-in">{t('recover.back')}</a>
        </p>
      </>
    ),
  }
}

const answer = (visit: Visit, isDone: boolean): Reply =>
  isDone
    ? nowSignIn(visit, 'cancelled.title', 'cancelled.text')
    : nowSignIn(visit, 'cancel.notValid', 'cancel.notValidText', false)

/** Works without signing in: whoever reads the notice may. */
export const cancelRecovery: Page = {
  path: '/recovery/cancel',
  access: 'open',
  isOffered: (accounts) => recoveryOf(accounts) !== undefined,
  get: view,
  async post(visit, form: SentForm) {
    const { site, peer } = visit
    const address = form.text('address')
    const token = form.text('cancel')
    try {
      await evenly(answerMs, async () =>
        recoveryOf(site.accounts)?.cancelRecovery(address, { token: token.slice(0, longest) }),
      )
      site.log.write('info', 'web.recovery-cancelled', { user: address, rip: peer.remoteAddress })
      return answer(visit, true)
    } catch (error) {
      if (!isRefusal(error)) throw error
      return answer(visit, false)
    }
  },
}

/** For the overview: that a recovery waits, and the way to stop it. */
export const WaitingRecovery = ({
  visit,
  readyAt,
  problems = [],
}: {
  visit: OwnerVisit
  readyAt: number
  problems?: readonly Problem[]
}) => {
  const { t, language } = visit
  return (
    <Card title={t('waiting.title')}>
      <Notice tone="bad">
        <p>{t('waiting.text', { when: moment(language, readyAt) })}</p>
      </Notice>
      <Form visit={visit} action="/recovery" submit={t('cancel.submit')} tone="danger">
        <CurrentPassword visit={visit} problems={problems} id="password" />
      </Form>
    </Card>
  )
}

async function ownView(visit: OwnerVisit, problems: readonly Problem[] = []): Promise<Reply> {
  const { t, site, info } = visit
  const waiting = await recoveryOf(site.accounts)?.waitingRecovery(info.address)
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('waiting.page'),
    body: (
      <>
        <Problems visit={visit} problems={problems} />
        {waiting ? (
          <WaitingRecovery visit={visit} readyAt={waiting.readyAt} problems={problems} />
        ) : (
          <p class="lead">{t('waiting.nothing')}</p>
        )}
      </>
    ),
  }
}

/** The same for whoever has signed in. */
export const ownRecovery: Page = ownerPage({
  path: '/recovery',
  isOffered: (accounts) => recoveryOf(accounts) !== undefined,
  get: (visit) => ownView(visit),
  async post(visit, form) {
    const { site, info, session, t } = visit
    const by = { password: form.secret('password') }
    try {
      await attempting(visit, info.address, async () =>
        recoveryOf(site.accounts)?.cancelRecovery(info.address, by),
      )
    } catch (error) {
      if (isRefusal(error, 'nothing-to-do')) return { kind: 'redirect', to: '/recovery' }
      return ownView(visit, [problemOf(visit, error, { password: 'password' })])
    }
    session.flash = t('cancelled.text')
    return { kind: 'redirect', to: '/new-code' }
  },
})
