// Mail that the login password does not open, since an admin has set it: the old password or the recovery code opens it again.
import type { Form as SentForm } from '../form.ts'
import type { Page, Problem, Reply, Visit } from '../page.ts'
import { locksOf } from '../site.ts'
import { attempting, codeIn, evenly, newPasswordProblem, problemOf, typoIn } from '../trying.ts'
import { nowSignIn } from '../views/done.tsx'
import { AddressField, Field, Form, NewPassword, Problems, RecoveryCodeField } from '../views/form.tsx'

const answerMs = 400

function view(visit: Visit, problems: readonly Problem[] = [], given = ''): Reply {
  const { t } = visit
  const address = given === '' ? (visit.session?.address ?? '') : given
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('unlock.title'),
    body: (
      <>
        <p class="lead">{t('unlock.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Form visit={visit} action="/unlock" submit={t('unlock.submit')}>
          <AddressField visit={visit} value={address} problems={problems} />
          <Field
            name="oldPassword"
            label={t('unlock.old')}
            hint={t('unlock.oldHint')}
            type="password"
            isOptional
            problems={problems}
          />
          <RecoveryCodeField visit={visit} label={t('unlock.code')} isOptional problems={problems} />
          <NewPassword visit={visit} problems={problems} />
        </Form>
        <p>
          <a href="/sign-in">{t('recover.back')}</a>
        </p>
      </>
    ),
  }
}

async function post(visit: Visit, form: SentForm): Promise<Reply> {
  const { t, site } = visit
  const accounts = locksOf(site.accounts)
  if (!accounts) return { kind: 'redirect', to: '/' }
  const address = form.text('address')
  if (address === '') return view(visit, [{ field: 'address', text: t('signIn.addressMissing') }])
  const [password, given] = [form.secret('oldPassword'), form.secret('code')]
  if (password.length === 0 && given.length === 0)
    return view(visit, [{ field: 'oldPassword', text: t('unlock.oneOfThem') }], address)
  const code = codeIn(given)
  const typo = password.length === 0 ? typoIn(visit, code) : undefined
  if (typo !== undefined) return view(visit, [{ field: 'code', text: typo }], address)
  const weak = newPasswordProblem(visit, form)
  if (weak) return view(visit, [weak], address)
  const secret =
    password.length > 0 ? ({ kind: 'password', password } as const) : ({ kind: 'recovery', code } as const)
  try {
    await evenly(answerMs, () =>
      attempting(visit, address, () => accounts.unlockMail(address, secret, form.secret('newPassword'))),
    )
    return nowSignIn(visit, 'unlocked.title', 'unlocked.text')
  } catch (error) {
    const problem = problemOf(visit, error, { 'wrong-recovery-code': 'code', password: 'oldPassword' })
    return view(
      visit,
      [problem.field === undefined ? problem : { ...problem, text: t('unlock.wrong') }],
      address,
    )
  }
}

export const unlock: Page = {
  path: '/unlock',
  access: 'open',
  isOffered: (accounts) => locksOf(accounts) !== undefined,
  get: (visit) => view(visit),
  post,
}
