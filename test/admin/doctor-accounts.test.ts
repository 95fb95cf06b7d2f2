// What `doctor` says of recovery codes and of logins by SCRAM.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { accountChecks } from '../../src/admin/doctor/account-checks.ts'
import { examine, type AccountTally, type Patient } from '../../src/admin/doctor/check.ts'
import { loadConfig } from '../../src/config/load.ts'

const nobody: AccountTally = { accounts: 0, sealed: 0, withoutCode: 0, scram: 0 }

async function lines(
  counts: Partial<AccountTally>,
  text = '',
  storeTrouble?: string,
): Promise<Record<string, string>> {
  const config = loadConfig({ text })
  const patient: Patient = {
    ...{ config, requireConfig: () => config, server: undefined, storeTrouble, env: {} },
    countAccounts: async () => ({ ...nobody, ...counts }),
    signal: new AbortController().signal,
  }
  const found = await examine(accountChecks, patient)
  return Object.fromEntries(found.map(({ id, verdict, text: says }) => [id, `${verdict}: ${says}`]))
}

const rows: readonly {
  readonly name: string
  readonly id: string
  readonly counts: Partial<AccountTally>
  readonly text?: string
  readonly trouble?: string
  readonly says: RegExp
}[] = [
  { name: 'nobody is encrypted', id: 'recovery', counts: {}, says: /^ok: .*\(0\)$/ },
  {
    ...{ name: 'one of three has no code', id: 'recovery', counts: { sealed: 3, withoutCode: 1 } },
    says: /^warn: 1 of 3 encrypted accounts has none: a forgotten password loses the mail/,
  },
  {
    ...{ name: 'nothing can be looked at', id: 'recovery', counts: { withoutCode: 1 }, trouble: 'in use' },
    says: /^skip: in use$/,
  },
  { name: 'SCRAM is off', id: 'scram', counts: { accounts: 2 }, says: /^ok: off/ },
  {
    ...{ name: 'SCRAM is off, and slots are left', id: 'scram', counts: { accounts: 2, scram: 2 } },
    says: /^warn: off, and 2 accounts still have a slot/,
  },
  {
    ...{ name: 'SCRAM is on, and one has logged in', id: 'scram', counts: { accounts: 2, scram: 1 } },
    text: '[auth]\nscram = true',
    says: /^ok: on, 65536 iterations; 1 of 2 accounts can, others after their next login/,
  },
  {
    ...{ name: 'SCRAM costs more than clients take', id: 'scram', counts: { accounts: 1, scram: 1 } },
    text: '[auth]\nscram = true\nscram_iterations = 100000',
    says: /^warn: on, 100000 iterations; 1 of 1 account can$/,
  },
]

describe('doctor on accounts', () => {
  for (const { name, id, counts, text, trouble, says } of rows)
    it(`says it when ${name}`, async () => {
      assert.match((await lines(counts, text, trouble))[id] ?? '', says)
    })
})
