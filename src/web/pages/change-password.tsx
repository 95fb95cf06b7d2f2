// A new password, by the old one. Costs the same however much mail there is.
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { attempting, newPasswordProblem, problemOf } from '../trying.ts'
import { CurrentPassword, Form, NewPassword, Problems, Tick } from '../views/form.tsx'
import { Notice } from '../views/parts.tsx'
import { passwordSlotOf } from '../visitor.ts'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t, session } = visit
  const names = session.appPasswords?.list.map(({ name }) => name) ?? []
  const count = names.length
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('change.title'),
    body: (
      <>
        <p class="lead">{t('change.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {count > 0 ? (
          <Notice tone="plain">
            <p>{t('change.appPasswords', { count })}</p>
            <p>
              {names.join(', ')} (<a href="/app-passwords">{t('app.title')}</a>)
            </p>
          </Notice>
        ) : null}
        <Form visit={visit} action="/change-password" submit={t('change.submit')}>
          <CurrentPassword visit={visit} problems={problems} />
          <NewPassword visit={visit} problems={problems} />
          <Tick name="elsewhere" label={t('change.elsewhere')} isTicked isOptional />
        </Form>
      </>
    ),
  }
}

export const changePassword: Page = ownerPage({
  path: '/change-password',
  menu: { title: 'change.title', group: 'security' },
  suits: ({ atRest }) => atRest !== 'locked',
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, session, t } = visit
    const weak = newPasswordProblem(visit, form)
    if (weak) return view(visit, [weak])
    try {
      await attempting(visit, info.address, () =>
        site.accounts.changePassword(info.address, form.secret('password'), form.secret('newPassword')),
      )
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password', limit: 'newPassword' })])
    }
    session.passwordSlot = passwordSlotOf(await site.accounts.info(info.address))
    site.sessions.endAll(info.address, session)
    if (form.isTicked('elsewhere'))
      await site.accounts.kick({ address: info.address }, 'The password was changed')
    session.flash = t('change.done')
    return { kind: 'redirect', to: '/' }
  },
})
