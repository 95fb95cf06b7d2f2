// An account that was put back to an older state is noticed, explained, and opens again when somebody accepts that.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { witnessesIn, type WitnessFiles } from '../../src/account/witness-files.ts'
import { readTrail } from '../../src/account/trail.ts'
import { copyOf, putBack } from './copies.ts'
import { unlock } from './unlocked.ts'
import { chunks, deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'

interface Witnessed {
  readonly site: TestSite
  readonly directory: string
  readonly id: string
  /** What is in the directory. */
  readonly files: () => Promise<string[]>
  /** Logs in, adds a message, logs out: the witness goes along. */
  readonly use: (subject: string) => Promise<void>
  readonly messages: () => Promise<number>
}

async function witnessed(
  context: TestContext,
  over?: (files: WitnessFiles) => WitnessFiles,
): Promise<Witnessed> {
  const directory = await mkdtemp(join(tmpdir(), 'letterlock-witness-'))
  context.after(() => rm(directory, { recursive: true, force: true }))
  const files = witnessesIn(directory)
  const site = await makeSite({ witnesses: { files: over?.(files) ?? files, intervalMs: 20 } })
  const { accountId } = await site.accounts.create(address, password())
  const login = () => site.accounts.login(address, password(), session)
  return {
    ...{ site, directory, id: accountId },
    files: async () => (await readdir(directory)).sort(),
    async use(subject) {
      const open = await login()
      await open.append('INBOX', chunks(mail(subject)), { flags: [] })
      await open.close()
    },
    async messages() {
      const open = await login()
      const { messages } = await open.status('INBOX')
      await open.close()
      return messages
    },
  }
}

/** Kinds of entries that the owner is shown, and who did it. */
async function told(site: TestSite): Promise<string[]> {
  const account = await unlock(site, address)
  const entries = await readTrail(account)
  await account.lock()
  return entries.map(({ kind, by }) => `${kind} ${by}`)
}

const rolledBack = (error: unknown): boolean => isRefusal(error, 'rolled-back')

describe('the witness of an account', () => {
  it('notices that it was put back; mail still comes; accepted, it opens and its owner is told', async (context) => {
    const { site, use, messages, id, files } = await witnessed(context)
    await use('one')
    const copy = await copyOf(site.store, id)
    await use('two')
    assert.deepEqual(await files(), [`${id}.witness`])
    assert.equal(await site.accounts.rollbacks.rollback(address), undefined)
    await putBack(site.store, copy)
    const found = await site.accounts.rollbacks.rollback(address)
    assert.equal(found?.presentVersion, copy.version)
    assert.ok(found.seenVersion > copy.version)
    await assert.rejects(messages(), rolledBack)
    await assert.rejects(messages(), /older state.*accept/)
    await deliverTo(site.accounts, address, mail('meanwhile'))
    await assert.rejects(messages(), rolledBack)
    await site.accounts.rollbacks.acceptRollback(address)
    assert.equal(await site.accounts.rollbacks.rollback(address), undefined)
    assert.equal(await messages(), 2)
    assert.deepEqual(await files(), [`${id}.witness`])
    assert.equal(await messages(), 2)
    assert.deepEqual(await told(site), ['rolled-back admin'])
  })

  it('notices an older account that mail has brought further than its witness', async (context) => {
    const { site, use, messages, id } = await witnessed(context)
    await use('one')
    const copy = await copyOf(site.store, id)
    await use('two')
    await putBack(site.store, copy)
    for (let index = 0; index < 12; index += 1)
      await deliverTo(site.accounts, address, mail(`later ${index}`))
    await assert.rejects(messages(), rolledBack)
    assert.ok(await site.accounts.rollbacks.rollback(address))
    await site.accounts.rollbacks.acceptRollback(address)
    assert.equal(await messages(), 13)
  })

  it('notices keys that were put back: an older password does not open a newer account', async (context) => {
    const { site, use, id } = await witnessed(context)
    await use('one')
    const copy = await copyOf(site.store, id)
    const { finished } = await site.accounts.enableAtRest(address, password())
    await finished
    await site.accounts.changePassword(address, password(), password('another'))
    await putBack(site.store, copy)
    await assert.rejects(site.accounts.login(address, password(), session), rolledBack)
  })

  it('gives every mailbox a new UIDVALIDITY when it is accepted: UIDs of what is missing are given again', async (context) => {
    const { site, use, id } = await witnessed(context)
    await use('one')
    const copy = await copyOf(site.store, id)
    await use('the one that a client keeps as UID 2')
    const open = () => site.accounts.login(address, password(), session)
    const before = await open()
    const known = await before.status('INBOX')
    const made = await before.createMailbox('Later')
    const later = await before.status(made.name)
    await before.close()
    await putBack(site.store, copy)
    await site.accounts.rollbacks.acceptRollback(address)
    await use('another one with UID 2')
    const after = await open()
    const now = await after.status('INBOX')
    assert.equal(now.uidNext, known.uidNext)
    // Greater than any that was given in the part that is missing, not only than those that are known.
    assert.ok(now.uidValidity > later.uidValidity, `${now.uidValidity} after ${later.uidValidity}`)
    assert.equal((await after.createMailbox('Again')).name, 'Again')
    assert.ok((await after.status('Again')).uidValidity > later.uidValidity)
    await after.close()
    const again = await open()
    assert.equal((await again.status('INBOX')).uidValidity, now.uidValidity)
    await again.close()
  })

  it('is accepted for one state only', async (context) => {
    const { site, use, messages, id } = await witnessed(context)
    await use('one')
    const [first] = [await copyOf(site.store, id)]
    await use('two')
    const second = await copyOf(site.store, id)
    await use('three')
    await putBack(site.store, second)
    await site.accounts.rollbacks.acceptRollback(address)
    await putBack(site.store, first)
    await assert.rejects(messages(), rolledBack)
    await putBack(site.store, second)
    assert.equal(await messages(), 2)
    // And once only.
    await use('four')
    await putBack(site.store, second)
    await assert.rejects(messages(), rolledBack)
  })

  it('is the owner’s to accept with the password, and nobody’s without the right one', async (context) => {
    const { site, use, messages, id } = await witnessed(context)
    await use('one')
    const copy = await copyOf(site.store, id)
    await use('two')
    await putBack(site.store, copy)
    const { rollbacks } = site.accounts
    await assert.rejects(
      rollbacks.acceptRollback(address, { kind: 'password', password: password('guess') }),
      (error) => isRefusal(error, 'authentication-failed'),
    )
    await assert.rejects(messages(), rolledBack)
    await rollbacks.acceptRollback(address, { kind: 'password', password: password() })
    assert.equal(await messages(), 1)
    assert.deepEqual(await told(site), ['rolled-back owner'])
  })

  const losses: readonly { readonly name: string; readonly harm: (path: string) => Promise<void> }[] = [
    { name: 'removed', harm: (path) => rm(path) },
    { name: 'emptied', harm: (path) => writeFile(path, '') },
    {
      name: 'altered',
      async harm(path) {
        const bytes = await readFile(path)
        bytes[60] = (bytes[60] ?? 0) ^ 1
        await writeFile(path, bytes)
      },
    },
    {
      name: 'given another version',
      async harm(path) {
        const bytes = await readFile(path)
        bytes.writeBigUInt64BE(1n, 25)
        await writeFile(path, bytes)
      },
    },
  ]
  for (const { name, harm } of losses) {
    it(`that was ${name} is made anew, and its owner is told`, async (context) => {
      const { site, use, messages, id, directory, files } = await witnessed(context)
      await use('one')
      await harm(join(directory, `${id}.witness`))
      assert.equal(await messages(), 1)
      assert.deepEqual(await files(), [`${id}.witness`])
      await use('two')
      assert.equal(await messages(), 2)
      assert.deepEqual(await told(site), ['witness-lost server'])
    })
  }

  it('keeps nobody from their mail when its directory fails', async (context) => {
    const failing = async (): Promise<never> => {
      throw Object.assign(new Error('no'), { code: 'EIO' })
    }
    const { use, messages } = await witnessed(context, () => ({
      read: failing,
      write: failing,
      remove: failing,
    }))
    await use('one')
    assert.equal(await messages(), 1)
  })

  it('goes with its account', async (context) => {
    const { site, use, files } = await witnessed(context)
    await use('one')
    await site.accounts.delete(address)
    assert.deepEqual(await files(), [])
  })

  it('is written while sessions go on, within its interval', async (context) => {
    let written = 0
    const { site } = await witnessed(context, (files) => ({
      ...files,
      async write(...given) {
        await files.write(...given)
        written += 1
      },
    }))
    const open = await site.accounts.login(address, password(), session)
    await open.append('INBOX', chunks(mail('one')), { flags: [] })
    while (written === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await open.close()
  })
})
