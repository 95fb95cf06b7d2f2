// A forgotten password: the recovery code sets a new one. The page asks nothing of the server for a code that is mistyped.
import { Refusal } from '../../account/errors.ts'
import type { Form as SentForm } from '../form.ts'
import type { Page, Problem, Reply, Visit } from '../page.ts'
import { Reveal } from '../reveal.ts'
import { recoveryOf } from '../site.ts'
import { moment } from '../text.ts'
import { attempting, codeIn, evenly, newPasswordProblem, problemOf, typoIn } from '../trying.ts'
import { AddressField, Form, NewPassword, Problems, RecoveryCodeField } from '../views/form.tsx'
import { Notice } from '../views/parts.tsx'
import { RecoverySheet } from '../views/recovery-sheet.tsx'

/** Wrong codes and unknown addresses are answered after the same time. */
const answerMs = 400

function view(visit: Visit, problems: readonly Problem[] = [], address = ''): Reply {
  const { t } = visit
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('recover.title'),
    body: (
      <>
        <p class="lead">{t('recover.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Form visit={visit} action="/recover" submit={t('recover.submit')}>
          <AddressField visit={visit} value={address} problems={problems} />
          <RecoveryCodeField visit={visit} problems={problems} />
          <NewPassword visit={visit} problems={problems} />
        </Form>
        <p class="hint">{t('recover.none')}</p>
        <p>
          <a href="/sign-in">{t('recover.back')}</a>
        </p>
      </>
    ),
  }
}

function done(visit: Visit, address: string, code: Buffer): Reply {
  const { t } = visit
  const reveal = new Reveal()
  return {
    kind: 'page',
    title: t('recovered.title'),
    reveal,
    body: (
      <>
        <p class="lead">{t('recovered.lead')}</p>
        <Notice tone="warning">
          <p>{t('code.once')}</p>
        </Notice>
        <RecoverySheet visit={visit} address={address} reveal={reveal} code={code} />
        <p>
          <a class="button main" href="/sign-in">
            {t('recovered.signIn')}
          </a>
        </p>
      </>
    ),
  }
}

function later(visit: Visit, readyAt: number): Reply {
  const { t, language } = visit
  return {
    kind: 'page',
    title: t('recoverLater.title'),
    body: (
      <>
        <p class="lead">{t('recoverLater.text', { when: moment(language, readyAt) })}</p>
        <p>{t('recoverLater.cancel')}</p>
      </>
    ),
  }
}

/** The same answer for a wrong code, an address that is not there, and one that has no code. */
function asWrongCode(error: unknown): unknown {
  const codes: readonly string[] = [
    'no-such-account',
    'not-enabled',
    'authentication-failed',
    'account-disabled',
  ]
  return error instanceof Refusal && codes.includes(error.code)
    ? new Refusal('wrong-recovery-code', 'wrong')
    : error
}

async function recoverNow(visit: Visit, address: string, code: Buffer, password: Buffer): Promise<Reply> {
  const { accounts, clock, sessions } = visit.site
  const begun = await recoveryOf(accounts)?.beginRecovery(address, code)
  if (begun && begun.readyAt > clock.now()) return later(visit, begun.readyAt)
  const { recoveryCode } = await accounts.recover(address, code, password)
  sessions.endAll(address.toLowerCase())
  return done(visit, address, recoveryCode)
}

async function post(visit: Visit, form: SentForm): Promise<Reply> {
  const { t } = visit
  const address = form.text('address')
  if (address === '') return view(visit, [{ field: 'address', text: t('signIn.addressMissing') }])
  const code = codeIn(form.secret('code'))
  const typo = typoIn(visit, code)
  if (typo !== undefined) return view(visit, [{ field: 'code', text: typo }], address)
  const weak = newPasswordProblem(visit, form)
  if (weak) return view(visit, [weak], address)
  try {
    return await evenly(answerMs, () =>
      attempting(visit, address, () =>
        recoverNow(visit, address, code, form.secret('newPassword')).catch((error: unknown) => {
          throw asWrongCode(error)
        }),
      ),
    )
  } catch (error) {
    return view(visit, [problemOf(visit, error, { 'wrong-recovery-code': 'code' })], address)
  }
}

export const recover: Page = { path: '/recover', access: 'open', get: (visit) => view(visit), post }
