// All mail as one file to keep: made while it is downloaded, from an account that stays open for just as long.
import type { OpenAccount } from '../../account/api.ts'
import { archiveOf } from '../../transfer/export-archive.ts'
import { zipped } from '../../transfer/zip.ts'
import type { Form as SentForm } from '../form.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { problemOf } from '../trying.ts'
import { Choice, CurrentPassword, Form, Problems } from '../views/form.tsx'
import { Card, Lines, Notice } from '../views/parts.tsx'

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t } = visit
  return {
    kind: 'page',
    status: problems.length > 0 ? 422 : 200,
    title: t('export.title'),
    body: (
      <>
        <p class="lead">{t('export.lead')}</p>
        <Problems visit={visit} problems={problems} />
        <Notice tone="warning">
          <p>{t('export.readable')}</p>
        </Notice>
        <Card title={t('export.download')}>
          <Form visit={visit} action="/export" submit={t('export.submit')}>
            <Choice
              name="format"
              legend={t('export.format')}
              chosen="mbox"
              options={[
                ['mbox', t('export.mbox')],
                ['maildir', t('export.maildir')],
              ]}
            />
            <CurrentPassword visit={visit} problems={problems} />
          </Form>
          <p class="hint">{t('export.again')}</p>
        </Card>
        <Card title={t('export.what')}>
          <Lines lines={[t('export.what.1'), t('export.what.2'), t('export.what.3')]} />
        </Card>
      </>
    ),
  }
}

function nameOf(address: string, now: number): string {
  return `${address.replace('@', '-at-').replace(/[^\w.-]/g, '_')}-${new Date(now).toISOString().slice(0, 10)}`
}

async function post(visit: OwnerVisit, form: SentForm): Promise<Reply> {
  const { site, info, peer, t } = visit
  const { transfers, accounts, log, clock } = site
  if (!transfers.beginExport(info.accountId)) return view(visit, [{ text: t('export.busy') }])
  const ended = new AbortController()
  let account: OpenAccount
  try {
    account = await accounts.login(info.address, form.secret('password'), {
      ...{ protocol: 'web', remoteAddress: peer.remoteAddress, isTls: peer.isSecure, client: 'Export' },
      end: (reason) => ended.abort(new Error(reason)),
    })
  } catch (error) {
    transfers.endExport(info.accountId)
    return view(visit, [problemOf(visit, error, { password: 'password' })])
  }
  log.write('info', 'web.export', { user: info.address, rip: peer.remoteAddress })
  const format = form.text('format') === 'maildir' ? 'maildir' : 'mbox'
  const folder = nameOf(account.address, clock.now())
  const chunks = zipped(archiveOf(account, { format, folder, now: clock.now(), signal: ended.signal }))
  const close = { isDone: false }
  return {
    kind: 'stream',
    type: 'application/zip',
    name: `${folder}.zip`,
    chunks,
    onClose() {
      if (close.isDone) return
      close.isDone = true
      ended.abort(new Error('nobody takes the export any more'))
      // What is being read comes to its end first: keys are not taken from under it.
      void Promise.allSettled([chunks.return(undefined)])
        .then(() => account.close())
        .finally(() => transfers.endExport(info.accountId))
    },
  }
}

export const exportMail: Page = ownerPage({
  path: '/export',
  menu: { title: 'export.title', group: 'mail' },
  suits: ({ atRest }) => atRest !== 'locked',
  get: (visit) => view(visit),
  post,
})
