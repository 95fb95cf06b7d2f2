// Passwords for single mail programs: made here, shown once, named, limited in time, revoked.
import type { AppPassword, AppProtocol, SlotApi } from '../../account/api-lifecycle.ts'
import type { Form as SentForm } from '../form.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { Reveal } from '../reveal.ts'
import { atRestOf, slotsOf } from '../site.ts'
import { day, moment } from '../text.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Field, Form, Problems, Tick } from '../views/form.tsx'
import { Card, Facts, Notice } from '../views/parts.tsx'
import { appPasswordPage } from './app-password-page.tsx'

const dayMs = 24 * 3_600_000

const One = ({ visit, one }: { visit: OwnerVisit; one: AppPassword }) => {
  const { t, language } = visit
  const { lastUsedAt, lastUsedFrom, expiresAt } = one
  const used =
    lastUsedAt === undefined
      ? t('app.neverUsed')
      : `${moment(language, lastUsedAt)}${lastUsedFrom === undefined ? '' : `, ${lastUsedFrom}`}`
  return (
    <Card title={one.name}>
      <Facts
        pairs={[
          [
            t('app.for'),
            one.protocols
              .map((protocol) => t(protocol === 'imap' ? 'app.imap' : 'app.submission'))
              .join(', '),
          ],
          [t('app.made'), day(language, one.createdAt)],
          [t('app.used'), used],
          [t('app.ends'), expiresAt === undefined ? t('app.never') : day(language, expiresAt - 1)],
        ]}
      />
      <Form
        visit={visit}
        action="/app-passwords"
        submit={t('app.revoke')}
        tone="quiet"
        what="revoke"
        label={t('app.revokeThis', { name: one.name })}
      >
        <input type="hidden" name="id" value={one.id} />
      </Form>
    </Card>
  )
}

async function view(visit: OwnerVisit, problems: readonly Problem[] = [], name = ''): Promise<Reply> {
  const { t, session, language, site, info } = visit
  const known = session.appPasswords
  const status = await atRestOf(site.accounts)?.atRestStatus(info.address)
  const isWebOnly = status?.mainPassword === 'web-only'
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('app.title'),
    body: (
      <>
        <p class="lead">{t('app.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {known ? <p class="hint">{t('app.asOf', { when: moment(language, known.at) })}</p> : null}
        {known?.list.length === 0 ? <p>{t('app.nothing')}</p> : null}
        {known?.list.map((one) => (
          <One visit={visit} one={one} />
        ))}
        <Card title={t('app.new')} id="new">
          <Form visit={visit} action="/app-passwords" submit={t('app.make')} what="add">
            <Field
              name="name"
              label={t('app.name')}
              hint={t('app.nameHint')}
              value={name}
              maxlength={60}
              problems={problems}
            />
            <fieldset>
              <legend>{t('app.for')}</legend>
              <Tick name="imap" label={t('app.imap')} isTicked isOptional problems={problems} />
              <Tick name="submission" label={t('app.submission')} isTicked isOptional />
            </fieldset>
            <Field
              name="expires"
              label={t('app.expires')}
              hint={t('app.expiresHint')}
              type="date"
              isOptional
              problems={problems}
            />
            <CurrentPassword visit={visit} problems={problems} />
          </Form>
        </Card>
        {status ? (
          <Card title={t('app.main')} id="main-password">
            <Notice tone="plain">
              <p>{t(isWebOnly ? 'app.main.webOnly' : 'app.main.everywhere')}</p>
            </Notice>
            <Form
              visit={visit}
              action="/app-passwords"
              submit={t(isWebOnly ? 'app.main.allow' : 'app.main.restrict')}
              what={isWebOnly ? 'everywhere' : 'web-only'}
            >
              <CurrentPassword visit={visit} id="mainPassword" />
            </Form>
          </Card>
        ) : null}
      </>
    ),
  }
}

/** Behind the end of the day that was chosen; undefined for none, a problem for one that is over. */
function expiryOf(visit: OwnerVisit, form: SentForm): number | Problem | undefined {
  const text = form.text('expires')
  if (text === '') return undefined
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) + dayMs : Number.NaN
  return at > visit.site.clock.now() ? at : { field: 'expires', text: visit.t('app.expiresWrong') }
}

async function refresh(
  { session, info, site }: OwnerVisit,
  accounts: SlotApi,
  password: Buffer,
): Promise<void> {
  const list = await accounts.appPasswords(info.address, { kind: 'password', password })
  session.appPasswords = { list, at: site.clock.now() }
}

async function add(visit: OwnerVisit, accounts: SlotApi, form: SentForm): Promise<Reply> {
  const { t, info } = visit
  const name = form.text('name')
  if (name === '' || Buffer.byteLength(name) > 60)
    return view(visit, [{ field: 'name', text: t('app.nameMissing') }], name)
  const protocols = (['imap', 'submission'] as const).filter((one): one is AppProtocol => form.isTicked(one))
  if (protocols.length === 0) return view(visit, [{ field: 'imap', text: t('app.forMissing') }], name)
  const expiresAt = expiryOf(visit, form)
  if (typeof expiresAt === 'object') return view(visit, [expiresAt], name)
  const password = form.secret('password')
  try {
    const made = await attempting(visit, info.address, () =>
      accounts.addAppPassword(
        info.address,
        { kind: 'password', password },
        { name, protocols, ...(expiresAt === undefined ? {} : { expiresAt }) },
      ),
    )
    await refresh(visit, accounts, password)
    return appPasswordPage(visit, made.appPassword, made.text, new Reveal())
  } catch (error) {
    return view(visit, [problemOf(visit, error, { password: 'password', limit: 'name' })], name)
  }
}

async function restrict(
  visit: OwnerVisit,
  accounts: SlotApi,
  form: SentForm,
  use: 'everywhere' | 'web-only',
): Promise<Reply> {
  const { info, session, t } = visit
  const secret = { kind: 'password', password: form.secret('password') } as const
  try {
    await attempting(visit, info.address, () => accounts.setMainPasswordUse(info.address, secret, use))
  } catch (error) {
    return view(visit, [problemOf(visit, error)])
  }
  session.flash = t(use === 'web-only' ? 'app.main.restricted' : 'app.main.allowed')
  return { kind: 'redirect', to: '/app-passwords' }
}

async function revoke(visit: OwnerVisit, accounts: SlotApi, id: string): Promise<Reply> {
  const { info, session, t } = visit
  try {
    await accounts.revokeAppPassword(info.address, id)
  } catch (error) {
    return view(visit, [problemOf(visit, error)])
  }
  const known = session.appPasswords
  session.appPasswords = known && { ...known, list: known.list.filter((one) => one.id !== id) }
  session.flash = t('app.revoked')
  return { kind: 'redirect', to: '/app-passwords' }
}

export const appPasswords: Page = ownerPage({
  path: '/app-passwords',
  menu: { title: 'app.title', group: 'security' },
  isOffered: (accounts) => slotsOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest !== 'locked',
  get: (visit) => view(visit),
  async post(visit, form) {
    const accounts = slotsOf(visit.site.accounts)
    if (!accounts) return { kind: 'redirect', to: '/' }
    const what = form.text('what')
    if (what === 'revoke') return revoke(visit, accounts, form.text('id'))
    if (what === 'web-only' || what === 'everywhere') return restrict(visit, accounts, form, what)
    return add(visit, accounts, form)
  },
})
