// Older mail sealed to the owner's own keys, like the mail that comes: it cannot be taken back without those keys.
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { publicKeysOf } from '../site.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Form, Problems, Tick } from '../views/form.tsx'
import { Bar, Card, Lines } from '../views/parts.tsx'

async function view(visit: OwnerVisit, problems: readonly Problem[] = []): Promise<Reply> {
  const { t, site, info } = visit
  const state = await publicKeysOf(site.accounts)?.publicKeys(info.address)
  if (!state) return { kind: 'redirect', to: '/' }
  const { keys, job } = state
  if (job) {
    return {
      kind: 'page',
      title: t('sealOlder.title'),
      refreshSeconds: 5,
      body: (
        <>
          <p class="lead">{t('sealOlder.running')}</p>
          <Bar
            label={t('sealOlder.title')}
            words={t('job.words', { done: job.done, total: job.total })}
            value={job.done}
            max={job.total}
          />
          {job.waitsFor === undefined ? null : <p>{t('progress.waits', { reason: job.waitsFor })}</p>}
          <p>{t('progress.leave')}</p>
          <p>
            <a href="/public-keys">{t('sealOlder.back')}</a>
          </p>
        </>
      ),
    }
  }
  const canSeal = keys.some(({ problem }) => problem === undefined)
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('sealOlder.title'),
    body: (
      <>
        <p class="lead">{t('sealOlder.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {canSeal ? (
          <>
            <Card title={t('turnOn.means')}>
              <Lines lines={[t('sealOlder.means.1'), t('sealOlder.means.2'), t('sealOlder.means.3')]} />
            </Card>
            <Form visit={visit} action="/seal-older" submit={t('sealOlder.submit')} tone="danger">
              <CurrentPassword visit={visit} problems={problems} />
              <Tick name="understood" label={t('sealOlder.understood')} problems={problems} />
            </Form>
          </>
        ) : (
          <p>{t('sealOlder.noKey')}</p>
        )}
        <p>
          <a href="/public-keys">{t('sealOlder.back')}</a>
        </p>
      </>
    ),
  }
}

export const sealOlder: Page = ownerPage({
  path: '/seal-older',
  isOffered: (accounts) => publicKeysOf(accounts) !== undefined,
  suits: ({ atRest }) => atRest !== 'locked',
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, t } = visit
    const accounts = publicKeysOf(site.accounts)
    if (!accounts) return { kind: 'redirect', to: '/' }
    if (!form.isTicked('understood'))
      return view(visit, [{ field: 'understood', text: t('turnOn.mustTick') }])
    const secret = { kind: 'password', password: form.secret('password') } as const
    try {
      const { finished } = await attempting(visit, info.address, () =>
        accounts.sealExistingMail(info.address, secret),
      )
      finished.catch(() => undefined)
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password' })])
    }
    visit.session.flash = t('sealOlder.begun')
    return { kind: 'redirect', to: '/seal-older' }
  },
})
