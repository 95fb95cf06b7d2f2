// An account that was put back to an older state lets nobody in before its owner, or an admin, says that this was meant.
import { isRefusal } from '../../account/errors.ts'
import type { Form as SentForm } from '../form.ts'
import type { Page, Problem, Reply, Visit } from '../page.ts'
import { rollbacksOf } from '../site.ts'
import { attempting, evenly, problemOf } from '../trying.ts'
import { nowSignIn } from '../views/done.tsx'
import { AddressField, Field, Form, Problems, Tick } from '../views/form.tsx'
import { Notice } from '../views/parts.tsx'

const answerMs = 400

export function rollbackView(visit: Visit, problems: readonly Problem[] = [], given = ''): Reply {
  const { t } = visit
  const address = given === '' ? (visit.session?.address ?? '') : given
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('rollback.title'),
    body: (
      <>
        <Notice tone="bad">
          <p>{t('rollback.lead')}</p>
        </Notice>
        <p>{t('rollback.ask')}</p>
        <Problems visit={visit} problems={problems} />
        <Form visit={visit} action="/rolled-back" submit={t('rollback.accept')} tone="danger">
          <AddressField visit={visit} value={address} problems={problems} />
          <Field
            name="password"
            label={t('signIn.password')}
            type="password"
            autocomplete="current-password"
            problems={problems}
          />
          <Tick name="understood" label={t('rollback.understood')} problems={problems} />
        </Form>
        <p>
          <a href="/sign-in">{t('recover.back')}</a>
        </p>
      </>
    ),
  }
}

async function post(visit: Visit, form: SentForm): Promise<Reply> {
  const { site, t } = visit
  const address = form.text('address')
  if (address === '') return rollbackView(visit, [{ field: 'address', text: t('signIn.addressMissing') }])
  if (!form.isTicked('understood'))
    return rollbackView(visit, [{ field: 'understood', text: t('turnOn.mustTick') }], address)
  const password = form.secret('password')
  if (password.length === 0)
    return rollbackView(visit, [{ field: 'password', text: t('signIn.passwordMissing') }], address)
  try {
    await evenly(answerMs, () =>
      attempting(visit, address, async () =>
        rollbacksOf(site.accounts)?.acceptRollback(address, { kind: 'password', password }),
      ),
    )
    return nowSignIn(visit, 'rollback.doneTitle', 'rollback.accepted')
  } catch (error) {
    const isUnknown = isRefusal(error, 'no-such-account')
    return rollbackView(
      visit,
      [isUnknown ? { text: t('refusal.password') } : problemOf(visit, error)],
      address,
    )
  }
}

export const rolledBack: Page = {
  path: '/rolled-back',
  access: 'open',
  isOffered: (accounts) => rollbacksOf(accounts) !== undefined,
  get: (visit) => rollbackView(visit),
  post,
}
