// Removes an account, in steps that can be taken up again after a crash.
import { Refused } from '../errors.ts'
import type { Account } from './account.ts'
import type { Accounts } from './accounts.ts'
import type { Committer } from './committer.ts'
import { accountSuffix, destroyingAccount, destroyingKey, destroyingRange, encodeAccount } from './layout.ts'
import { segmentKind, valueKind } from './layout.ts'
import type { Records } from './records.ts'
import type { AccountSegments } from './bodies/segments.ts'

const empty = Buffer.alloc(0)

/** From here on nobody sees the account any more, and a crash does not bring it back. */
export async function beginDestroying(account: Account): Promise<void> {
  await account.change(async (view) => {
    const record = view.account()
    // An earlier call failed half way, and this one finishes it.
    if (record?.state === 'destroying') return { value: undefined, ops: [] }
    if (record?.state !== 'active' && record?.state !== 'restoring')
      throw new Refused('no-account', 'no such account')
    return {
      value: undefined,
      ops: [{ suffix: accountSuffix, value: encodeAccount({ ...record, state: 'destroying' }) }],
      siteOps: [{ key: destroyingKey(account.id), value: empty }],
    }
  })
}

/** Removes all that an account has, but not its own record. May be called again after it failed anywhere. */
export async function removeContents(
  records: Records,
  committer: Committer,
  account: Account,
  segments: AccountSegments,
): Promise<void> {
  const behind = String.fromCharCode(segmentKind.charCodeAt(0) + 1)
  for await (const page of records.range({ gte: account.key(valueKind), lt: account.key(behind) })) {
    await committer.write(page.map(([key]) => ({ key, value: undefined })))
  }
  await segments.destroy()
}

/** May be called again after it failed anywhere. */
export async function finishDestroying(
  records: Records,
  committer: Committer,
  account: Account,
  segments: AccountSegments,
): Promise<void> {
  await removeContents(records, committer, account, segments)
  const gone = encodeAccount({ state: 'destroyed', version: 0, usageBytes: 0, quotaBytes: undefined })
  await committer.write([
    { key: account.key(accountSuffix), value: gone },
    { key: destroyingKey(account.id), value: undefined },
  ])
}

/** Finishes what a crash interrupted. */
export async function resumeDestroying(
  records: Records,
  committer: Committer,
  accounts: Accounts,
): Promise<void> {
  const ids: Buffer[] = []
  for await (const page of records.range(destroyingRange)) {
    ids.push(...page.map(([key]) => destroyingAccount(key)))
  }
  for (const id of ids) {
    await accounts.use(id, (account, segments) => finishDestroying(records, committer, account, segments))
  }
}
