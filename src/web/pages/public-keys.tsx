// Keys of one's own: mail is sealed to an OpenPGP key or an S/MIME certificate before it is stored, and only the owner's mail program opens it.
import type { PublicKeyApi, PublicKeyInfo, SealingSettings } from '../../account/api-lifecycle.ts'
import type { Form as SentForm } from '../form.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { publicKeysOf } from '../site.ts'
import { day } from '../text.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Field, Form, Problems, Tick } from '../views/form.tsx'
import { Card, Facts, Lines, Notice } from '../views/parts.tsx'

const soonMs = 30 * 86_400_000

const One = ({ visit, one }: { visit: OwnerVisit; one: PublicKeyInfo }) => {
  const { t, language, site } = visit
  const { expiresAt, problem } = one
  const endsSoon = expiresAt !== undefined && expiresAt - site.clock.now() < soonMs
  return (
    <Card
      title={`${one.kind === 'openpgp' ? 'OpenPGP' : 'S/MIME'}: ${one.names[0] ?? one.fingerprint.slice(-16)}`}
    >
      {problem === undefined ? null : (
        <Notice tone="bad">
          <p>{t('keys.unusable', { problem })}</p>
        </Notice>
      )}
      {problem === undefined && endsSoon ? (
        <Notice tone="warning">
          <p>{t('keys.endsSoon')}</p>
        </Notice>
      ) : null}
      <Facts
        pairs={[
          [t('keys.names'), one.names.join(', ')],
          [t('keys.algorithm'), one.algorithm],
          [
            t('keys.fingerprint'),
            <code>{one.fingerprint.toUpperCase().replace(/(.{4})(?=.)/g, '$1 ')}</code>,
          ],
          [t('keys.ends'), expiresAt === undefined ? t('app.never') : day(language, expiresAt)],
        ]}
      />
      <Form
        visit={visit}
        action="/public-keys"
        submit={t('keys.remove')}
        what="remove"
        tone="danger"
        label={t('keys.removeThis', { name: one.names[0] ?? one.fingerprint })}
      >
        <input type="hidden" name="fingerprint" value={one.fingerprint} />
        <CurrentPassword visit={visit} id={`password-${one.fingerprint}`} />
      </Form>
    </Card>
  )
}

const Settings = ({ visit, settings }: { visit: OwnerVisit; settings: SealingSettings }) => {
  const { t } = visit
  return (
    <Card title={t('keys.settings')}>
      <Form visit={visit} action="/public-keys" submit={t('keys.save')} what="settings">
        <Tick
          name="protectHeaders"
          label={t('keys.protectHeaders')}
          isTicked={settings.protectHeaders}
          isOptional
        />
        <Tick name="append" label={t('keys.append')} isTicked={settings.append} isOptional />
        <Tick
          name="exceptDrafts"
          label={t('keys.exceptDrafts')}
          isTicked={settings.exceptDrafts}
          isOptional
        />
        <Tick name="defer" label={t('keys.defer')} isTicked={settings.onTrouble === 'defer'} isOptional />
        <CurrentPassword visit={visit} id="password-settings" />
      </Form>
    </Card>
  )
}

async function view(visit: OwnerVisit, problems: readonly Problem[] = [], pasted = ''): Promise<Reply> {
  const { t, site, info } = visit
  const api = publicKeysOf(site.accounts)
  if (!api) return { kind: 'redirect', to: '/' }
  const { keys, settings } = await api.publicKeys(info.address)
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('keys.title'),
    body: (
      <>
        <p class="lead">{t('keys.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {keys.length === 0 ? (
          <Card title={t('turnOn.means')}>
            <Lines lines={[t('keys.means.1'), t('keys.means.2'), t('keys.means.3')]} />
          </Card>
        ) : null}
        {keys.map((one) => (
          <One visit={visit} one={one} />
        ))}
        {keys.some(({ problem }) => problem === undefined) ? (
          <Card title={t('keys.test')}>
            <p>{t('keys.testText')}</p>
            <Form visit={visit} action="/public-keys" submit={t('keys.testSubmit')} tone="quiet" what="test">
              <></>
            </Form>
          </Card>
        ) : null}
        <Card title={t('keys.add')}>
          <Form visit={visit} action="/public-keys" submit={t('keys.addSubmit')} what="add" isUpload>
            <Field
              name="pasted"
              label={t('keys.pasted')}
              hint={t('keys.pastedHint')}
              rows={4}
              value={pasted}
              isOptional
              problems={problems}
            />
            <Field
              name="file"
              label={t('keys.file')}
              type="file"
              accept=".asc,.pgp,.gpg,.pem,.crt,.cer,.der"
              isOptional
              problems={problems}
            />
            <CurrentPassword visit={visit} problems={problems} />
          </Form>
        </Card>
        {keys.length > 0 ? <Settings visit={visit} settings={settings} /> : null}
        {keys.some(({ problem }) => problem === undefined) ? (
          <Card title={t('sealOlder.title')}>
            <p>{t('sealOlder.lead')}</p>
            <p>
              <a class="button" href="/seal-older">
                {t('sealOlder.title')}
              </a>
            </p>
          </Card>
        ) : null}
      </>
    ),
  }
}

/** What was chosen as a file, else what was pasted. */
function given(form: SentForm): Buffer {
  const file = form.secret('file')
  return file.length > 0 ? file : Buffer.from(form.text('pasted'))
}

async function add(visit: OwnerVisit, api: PublicKeyApi, form: SentForm): Promise<Reply> {
  const { t, info, session } = visit
  const bytes = given(form)
  if (bytes.length === 0) return view(visit, [{ field: 'pasted', text: t('keys.missing') }])
  const secret = { kind: 'password', password: form.secret('password') } as const
  try {
    const added = await attempting(visit, info.address, () => api.addPublicKeys(info.address, secret, bytes))
    const count = added.filter(({ problem }) => problem === undefined).length
    session.flash = count > 0 ? t('keys.added', { count }) : t('keys.revoked')
    return { kind: 'redirect', to: '/public-keys' }
  } catch (error) {
    return view(
      visit,
      [problemOf(visit, error, { password: 'password', 'bad-key': 'pasted' })],
      form.text('pasted'),
    )
  }
}

async function change(visit: OwnerVisit, api: PublicKeyApi, form: SentForm): Promise<Reply> {
  const { t, info, session } = visit
  const secret = { kind: 'password', password: form.secret('password') } as const
  const what = form.text('what')
  try {
    if (what === 'remove') {
      await attempting(visit, info.address, () =>
        api.removePublicKey(info.address, secret, form.text('fingerprint')),
      )
    } else {
      const settings: SealingSettings = {
        append: form.isTicked('append'),
        exceptDrafts: form.isTicked('exceptDrafts'),
        protectHeaders: form.isTicked('protectHeaders'),
        onTrouble: form.isTicked('defer') ? 'defer' : 'store-marked',
      }
      await attempting(visit, info.address, () => api.setSealing(info.address, secret, settings))
    }
  } catch (error) {
    return view(visit, [problemOf(visit, error)])
  }
  session.flash = t(what === 'remove' ? 'keys.removed' : 'keys.saved')
  return { kind: 'redirect', to: '/public-keys' }
}

async function sendTest(visit: OwnerVisit, api: PublicKeyApi): Promise<Reply> {
  try {
    await api.testPublicKeys(visit.info.address)
  } catch (error) {
    return view(visit, [problemOf(visit, error)])
  }
  visit.session.flash = visit.t('keys.tested')
  return { kind: 'redirect', to: '/public-keys' }
}

export const publicKeys: Page = ownerPage({
  path: '/public-keys',
  menu: { title: 'keys.title', group: 'security' },
  isOffered: (accounts) => publicKeysOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest !== 'locked',
  hasFiles: true,
  get: (visit) => view(visit),
  async post(visit, form) {
    const api = publicKeysOf(visit.site.accounts)
    if (!api) return { kind: 'redirect', to: '/' }
    const what = form.text('what')
    if (what === 'add') return add(visit, api, form)
    return what === 'test' ? sendTest(visit, api) : change(visit, api, form)
  },
})
