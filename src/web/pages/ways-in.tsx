// Everything that opens the mail, read from the sealed slots while the password is at hand; a way that nobody needs can be closed.
import type { SlotInfo } from '../../account/api-lifecycle.ts'
import type { Form as SentForm } from '../form.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { slotsOf } from '../site.ts'
import { day } from '../text.ts'
import type { TextKey } from '../texts/catalogue.ts'
import { attempting, problemOf } from '../trying.ts'
import { Choice, CurrentPassword, Form, Problems } from '../views/form.tsx'
import { Card, Facts } from '../views/parts.tsx'

const kinds: Readonly<Record<SlotInfo['kind'], TextKey>> = {
  password: 'ways.password',
  recovery: 'ways.recovery',
  server: 'ways.server',
  app: 'ways.app',
  escrow: 'ways.escrow',
  scram: 'ways.scram',
}

const One = ({ visit, one }: { visit: OwnerVisit; one: SlotInfo }) => {
  const { t, language } = visit
  const { name, lastUsedAt } = one
  return (
    <Card title={name === undefined ? t(kinds[one.kind]) : `${t(kinds[one.kind])}: ${name}`}>
      <Facts
        pairs={[
          [t('app.made'), day(language, one.createdAt)],
          ...(lastUsedAt === undefined ? [] : [[t('app.used'), day(language, lastUsedAt)] as const]),
          [t('ways.id'), <code>{one.id}</code>],
        ]}
      />
      <p class="hint">{t(`${kinds[one.kind]}.hint` as TextKey)}</p>
    </Card>
  )
}

function view(
  visit: OwnerVisit,
  list: readonly SlotInfo[] | undefined,
  problems: readonly Problem[] = [],
): Reply {
  const { t } = visit
  // The password goes by changing it, app passwords by their own page, where their connections are seen.
  const removable = (list ?? []).filter(({ kind }) => kind === 'recovery' || kind === 'escrow')
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('ways.title'),
    body: (
      <>
        <p class="lead">{t('ways.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {list?.map((one) => (
          <One visit={visit} one={one} />
        ))}
        {list ? null : (
          <Form visit={visit} action="/ways-in" submit={t('ways.show')} what="show">
            <CurrentPassword visit={visit} problems={problems} />
          </Form>
        )}
        {removable.length > 0 ? (
          <Card title={t('ways.close')}>
            <p>{t('ways.closeText')}</p>
            <Form visit={visit} action="/ways-in" submit={t('ways.closeSubmit')} what="remove" tone="danger">
              <Choice
                name="id"
                legend={t('ways.which')}
                chosen=""
                options={removable.map(({ id, kind }) => [id, `${t(kinds[kind])} (${id})`] as const)}
              />
              <CurrentPassword visit={visit} problems={problems} />
            </Form>
          </Card>
        ) : null}
      </>
    ),
  }
}

async function post(visit: OwnerVisit, form: SentForm): Promise<Reply> {
  const { site, info, session, t } = visit
  const accounts = slotsOf(site.accounts)
  if (!accounts) return { kind: 'redirect', to: '/' }
  const secret = { kind: 'password', password: form.secret('password') } as const
  const id = form.text('id')
  const isRemoval = form.text('what') === 'remove'
  if (isRemoval && !/^[0-9a-f]{8,32}$/.test(id)) return view(visit, undefined, [{ text: t('ways.choose') }])
  try {
    return await attempting(visit, info.address, async () => {
      if (!isRemoval) return view(visit, await accounts.slots(info.address, secret))
      await accounts.removeSlot(info.address, secret, id)
      session.flash = t('ways.closed')
      return { kind: 'redirect', to: '/ways-in' } as const
    })
  } catch (error) {
    return view(visit, undefined, [problemOf(visit, error, { password: 'password' })])
  }
}

export const waysIn: Page = ownerPage({
  path: '/ways-in',
  menu: { title: 'ways.title', group: 'security' },
  isOffered: (accounts) => slotsOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest !== 'locked',
  get: (visit) => view(visit, undefined),
  post,
})
