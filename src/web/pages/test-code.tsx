// "Does my recovery code work?": changes nothing but the date of the check.
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { atRestOf } from '../site.ts'
import { attempting, codeIn, problemOf, typoIn } from '../trying.ts'
import { Form, Problems, RecoveryCodeField } from '../views/form.tsx'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t } = visit
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('testCode.title'),
    body: (
      <>
        <p class="lead">{t('testCode.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Form visit={visit} action="/test-code" submit={t('testCode.submit')}>
          <RecoveryCodeField visit={visit} problems={problems} />
        </Form>
        <p>
          <a href="/new-code">{t('testCode.lost')}</a>
        </p>
      </>
    ),
  }
}

export const testCode: Page = ownerPage({
  path: '/test-code',
  menu: { title: 'testCode.title', group: 'security' },
  isOffered: (accounts) => atRestOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest === 'on' || atRest === 'converting',
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, session, t } = visit
    const accounts = atRestOf(site.accounts)
    if (!accounts) return { kind: 'redirect', to: '/' }
    const code = codeIn(form.secret('code'))
    const typo = typoIn(visit, code)
    if (typo !== undefined) return view(visit, [{ field: 'code', text: typo }])
    try {
      await attempting(visit, info.address, () => accounts.testRecoveryCode(info.address, code))
    } catch (error) {
      return view(visit, [problemOf(visit, error, { 'wrong-recovery-code': 'code' })])
    }
    session.flash = t('testCode.works')
    return { kind: 'redirect', to: '/' }
  },
})
