// What happened to the account's keys: by its owner, by an admin, by the admin's recovery key.
import type { TrailEntry, TrailKind } from '../../account/api-lifecycle.ts'
import { ownerPage, type OwnerVisit, type Page, type Problem, type Reply } from '../page.ts'
import { trailOf } from '../site.ts'
import { moment } from '../text.ts'
import type { TextKey } from '../texts/catalogue.ts'
import { attempting, problemOf } from '../trying.ts'
import { CurrentPassword, Form, Problems } from '../views/form.tsx'

const kinds: Partial<Record<TrailKind, TextKey>> = {
  enabled: 'trail.enabled',
  disabled: 'trail.disabled',
  'keys-rotated': 'trail.keysRotated',
  'password-changed': 'trail.passwordChanged',
  'password-reset-by-admin': 'trail.passwordReset',
  'decrypted-by-admin': 'trail.decrypted',
  'mail-locked': 'trail.mailLocked',
  'mail-unlocked': 'trail.mailUnlocked',
  recovered: 'trail.recovered',
  'recovery-code-renewed': 'trail.codeRenewed',
  'app-password-added': 'trail.appAdded',
  'app-password-revoked': 'trail.appRevoked',
  'slot-removed': 'trail.slotRemoved',
  'rolled-back': 'trail.rolledBack',
  repaired: 'trail.repaired',
  'opened-by-admin': 'trail.openedByAdmin',
  'admin-recovery-added': 'trail.adminRecoveryAdded',
  'admin-recovery-changed': 'trail.adminRecoveryChanged',
  'admin-recovery-removed': 'trail.adminRecoveryRemoved',
  'recovery-begun': 'trail.recoveryBegun',
  'recovery-cancelled': 'trail.recoveryCancelled',
  'entries-lost': 'trail.entriesLost',
  'witness-lost': 'trail.witnessLost',
  'public-key-added': 'trail.publicKeyAdded',
  'public-key-removed': 'trail.publicKeyRemoved',
  renamed: 'trail.renamed',
  'scram-added': 'trail.scramAdded',
  'alternate-address': 'trail.alternateAddress',
}

const actors: Partial<Record<string, TextKey>> = {
  owner: 'trail.byOwner',
  admin: 'trail.byAdmin',
  'admin-key': 'trail.byAdminKey',
  server: 'trail.byServer',
}

/** One entry as a sentence. */
export function trailText(
  { t }: { readonly t: OwnerVisit['t'] },
  { kind, by, remoteAddress, detail }: TrailEntry,
): string {
  const [what, who] = [kinds[kind], actors[by]]
  const from = remoteAddress === undefined ? '' : t('trail.from', { address: remoteAddress })
  return `${what === undefined ? kind : t(what)}, ${who === undefined ? by : t(who)}${from}${detail === undefined ? '' : ` (${detail})`}.`
}

function view(visit: OwnerVisit, problems: readonly Problem[] = []): Reply {
  const { t, session, language } = visit
  const entries = [...session.trail].reverse()
  const hasNews = entries.some(({ isNew }) => isNew)
  return {
    kind: 'page',
    title: t('trail.title'),
    status: problems.length > 0 ? 422 : 200,
    body: (
      <>
        <p class="lead">{t('trail.lead')}</p>
        <Problems visit={visit} problems={problems} />
        {entries.length === 0 ? (
          <p>{t('trail.nothing')}</p>
        ) : (
          <ol class="history">
            {entries.map((entry) => (
              <li class={entry.by === 'admin-key' ? 'alarming' : entry.by === 'owner' ? '' : 'notable'}>
                <span class="when">{moment(language, entry.at)}</span> {trailText(visit, entry)}
                {entry.isNew ? <strong class="tag">{t('trail.new')}</strong> : null}
              </li>
            ))}
          </ol>
        )}
        <Form visit={visit} action="/history" submit={t(hasNews ? 'trail.seen' : 'trail.refresh')}>
          <CurrentPassword
            visit={visit}
            problems={problems}
            hint={t(hasNews ? 'trail.seenHint' : 'trail.refreshHint')}
          />
        </Form>
      </>
    ),
  }
}

export const trail: Page = ownerPage({
  path: '/history',
  menu: { title: 'trail.title', group: 'security' },
  isOffered: (accounts) => trailOf(accounts) !== undefined,
  get: (visit) => view(visit),
  async post(visit, form) {
    const { site, info, session } = visit
    const accounts = trailOf(site.accounts)
    if (!accounts) return view(visit)
    const secret = { kind: 'password', password: form.secret('password') } as const
    try {
      await attempting(visit, info.address, async () => {
        if (session.trail.some(({ isNew }) => isNew)) await accounts.markTrailSeen(info.address, secret)
        session.trail = await accounts.trail(info.address, secret)
      })
      return { kind: 'redirect', to: '/history' }
    } catch (error) {
      return view(visit, [problemOf(visit, error, { password: 'password' })])
    }
  },
})
