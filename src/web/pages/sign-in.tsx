// Signing in, with the account's main password. What was sealed and is shown later is read now, while the password is at hand.
import type { OpenAccount } from '../../account/api.ts'
import { isRefusal } from '../../account/errors.ts'
import type { Form as SentForm } from '../form.ts'
import { settleLanguage } from '../owner-language.ts'
import type { Page, Problem, Reply, Visit } from '../page.ts'
import { WebSession } from '../sessions.ts'
import { locksOf, slotsOf, trailOf } from '../site.ts'
import { problemOf } from '../trying.ts'
import { AddressField, Field, Form, Problems } from '../views/form.tsx'
import { passwordSlotOf } from '../visitor.ts'
import { rollbackView } from './rolled-back.tsx'

function view(visit: Visit, problems: readonly Problem[] = [], address = ''): Reply {
  const { t, site } = visit
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('signIn.title'),
    body: (
      <>
        <p class="lead">{t('signIn.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Form visit={visit} action="/sign-in" submit={t('signIn.submit')}>
          <AddressField visit={visit} value={address} problems={problems} />
          <Field
            name="password"
            label={t('signIn.password')}
            type="password"
            autocomplete="current-password"
            problems={problems}
          />
        </Form>
        <ul class="links">
          <li>
            <a href="/recover">{t('signIn.forgot')}</a>
          </li>
          {locksOf(site.accounts) ? (
            <li>
              <a href="/unlock">{t('signIn.locked')}</a>
            </li>
          ) : null}
        </ul>
      </>
    ),
  }
}

/** Reads what only the password opens; what cannot be read now is not shown later, and keeps nobody out. */
async function gather({ site }: Visit, session: WebSession, password: Buffer): Promise<void> {
  const { accounts, clock } = site
  const secret = { kind: 'password', password } as const
  const { address } = session
  session.trail =
    (await trailOf(accounts)
      ?.trail(address, secret)
      .catch(() => [])) ?? []
  const list = await slotsOf(accounts)
    ?.appPasswords(address, secret)
    .catch(() => undefined)
  session.appPasswords = list && { list, at: clock.now() }
}

async function begin(visit: Visit, opened: OpenAccount, password: Buffer): Promise<string> {
  const { site, peer } = visit
  const info = await site.accounts.info(opened.address)
  const session = new WebSession({
    address: opened.address,
    accountId: info.accountId,
    remoteAddress: peer.remoteAddress,
    now: site.clock.now(),
  })
  session.passwordSlot = passwordSlotOf(info)
  session.isLocked = info.atRest === 'locked'
  await gather(visit, session, password)
  if (visit.session) site.sessions.end(visit.session)
  site.log.write('info', 'auth.ok', {
    ...{ proto: 'web', tls: peer.isSecure, user: opened.address, rip: peer.remoteAddress },
  })
  await settleLanguage(visit, info)
  return site.sessions.start(session)
}

async function post(visit: Visit, form: SentForm): Promise<Reply> {
  const { site, peer, t } = visit
  const address = form.text('address')
  if (address === '') return view(visit, [{ field: 'address', text: t('signIn.addressMissing') }])
  if (form.secret('password').length === 0) {
    return view(visit, [{ field: 'password', text: t('signIn.passwordMissing') }], address)
  }
  const fate = { isEnded: false }
  try {
    const opened = await site.accounts.login(address, form.secret('password'), {
      protocol: 'web',
      remoteAddress: peer.remoteAddress,
      isTls: peer.isSecure,
      end: () => {
        fate.isEnded = true
      },
    })
    let id: string
    try {
      id = await begin(visit, opened, form.secret('password'))
    } finally {
      await opened.close()
    }
    return fate.isEnded
      ? view(visit, [{ text: t('refusal.busy') }], address)
      : { kind: 'redirect', to: '/', signIn: id }
  } catch (error) {
    // Only the right password finds this out.
    if (isRefusal(error, 'rolled-back')) return rollbackView(visit, [], address)
    return view(visit, [problemOf(visit, error)], address)
  }
}

export const signIn: Page = {
  path: '/sign-in',
  access: 'open',
  get: (visit) => (visit.session ? { kind: 'redirect', to: '/' } : view(visit)),
  post,
}
