// Where notices about the keys go besides the mailbox: shown, set, changed and taken away, each with the password.
import { isRefusal } from '../../account/errors.ts'
import type { Form as SentForm } from '../form.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { alternateAddressOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Field, Form, Problems } from '../views/form.tsx'
import { Card, Facts, Notice } from '../views/parts.tsx'

interface Sent {
  readonly what?: 'set' | 'remove'
  readonly typed?: string
  readonly problems?: readonly Problem[]
}

function view(visit: OwnerVisit, { what, typed, problems = [] }: Sent = {}): Reply {
  const { t, info, site } = visit
  const { alternateAddress: present } = info
  const takesCodes = alternateAddressOf(site.accounts)?.takesCodes === true
  const ofRemoval = what === 'remove' ? problems : []
  const ofChange = what === 'remove' ? [] : problems
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('alternate.title'),
    body: (
      <>
        <p class="lead">{t('alternate.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {takesCodes ? (
          <Notice tone="warning">
            <p>{t('alternate.code')}</p>
          </Notice>
        ) : (
          <p>{t('alternate.noCode')}</p>
        )}
        {present === undefined ? (
          <p>{t('alternate.onlyHere')}</p>
        ) : (
          <Facts pairs={[[t('alternate.now'), <strong>{present}</strong>]]} />
        )}
        <p class="hint">{t('alternate.language')}</p>
        <Card title={t(present === undefined ? 'alternate.giving' : 'alternate.changing')}>
          <Form visit={visit} action="/alternate-address" submit={t('alternate.set')} what="set">
            <Field
              name="alternate"
              label={t('alternate.new')}
              hint={t('alternate.newHint')}
              type="email"
              autocomplete="email"
              maxlength={254}
              problems={ofChange}
              {...(typed === undefined ? {} : { value: typed })}
            />
            <CurrentPassword
              visit={visit}
              {...(what === 'remove' ? { id: 'password-to-set' } : {})}
              problems={ofChange}
            />
          </Form>
          {present === undefined ? null : <p class="hint">{t('alternate.told')}</p>}
        </Card>
        {present === undefined ? null : (
          <Card title={t('alternate.taking')}>
            <Form
              visit={visit}
              action="/alternate-address"
              submit={t('alternate.remove')}
              what="remove"
              tone="danger"
            >
              <CurrentPassword
                visit={visit}
                {...(what === 'remove' ? {} : { id: 'password-to-remove' })}
                problems={ofRemoval}
              />
            </Form>
          </Card>
        )}
      </>
    ),
  }
}

/** What the account layer says against the address itself; undefined: something else was wrong. */
function addressProblem({ t }: OwnerVisit, error: unknown): Problem | undefined {
  if (isRefusal(error, 'limit')) return { field: 'alternate', text: t('alternate.wrong') }
  if (isRefusal(error, 'in-use')) return { field: 'alternate', text: t('alternate.self') }
  return undefined
}

async function post(visit: OwnerVisit, form: SentForm): Promise<Reply> {
  const { site, info, session, t } = visit
  const addresses = alternateAddressOf(site.accounts)
  if (!addresses) return { kind: 'redirect', to: '/' }
  const what = form.text('what') === 'remove' ? 'remove' : 'set'
  const typed = form.text('alternate').trim()
  const wanted = what === 'remove' ? undefined : typed
  if (wanted === '')
    return view(visit, { what, problems: [{ field: 'alternate', text: t('alternate.wrong') }] })
  const secret = { kind: 'password', password: form.secret('password') } as const
  try {
    await attempting(visit, info.address, () => addresses.change(info.address, secret, wanted))
  } catch (error) {
    const problem = addressProblem(visit, error) ?? problemOf(visit, error, { password: 'password' })
    return view(visit, { what, typed, problems: [problem] })
  }
  session.flash = wanted === undefined ? t('alternate.removed') : t('alternate.wasSet', { address: wanted })
  return { kind: 'redirect', to: '/alternate-address' }
}

export const alternateAddress: Page = ownerPage({
  path: '/alternate-address',
  menu: { title: 'alternate.title', group: 'security' },
  // Without a relay nothing would ever come there.
  isOffered: (accounts) => alternateAddressOf(accounts)?.isSentTo === true,
  suits: ({ atRest }) => atRest !== 'locked',
  get: (visit) => view(visit),
  post,
})
