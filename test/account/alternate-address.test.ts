// The owner's other address: who may change it, who is told, what is refused, and what the owner sees of an admin's change.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditEntry } from '../../src/account/audit.ts'
import { isRefusal, type RefusalCode } from '../../src/account/errors.ts'
import type { OutgoingMail } from '../../src/account/notices.ts'
import { alice, makeSite, password, type TestSite } from './support.ts'

const address = 'alice@example.org'
const secret = { kind: 'password', password: password() } as const
const refuses = (code: RefusalCode) => (error: unknown) => isRefusal(error, code)

class Relay implements OutgoingMail {
  readonly sent: string[] = []
  fails = false
  async send(to: string, message: Buffer): Promise<void> {
    if (this.fails) throw new Error('the relay is down')
    this.sent.push(`${to}: ${/^Subject: (.*)\r$/m.exec(message.toString())?.[1] ?? '?'}`)
  }
}

async function lived(
  recipientDelimiter = '+',
): Promise<{ site: TestSite; relay: Relay; audit: AuditEntry[] }> {
  const relay = new Relay()
  const audit: AuditEntry[] = []
  const site = await makeSite({
    outgoing: relay,
    recipientDelimiter,
    audit: { write: async (entry) => void audit.push(entry) },
    recovery: { delayMs: 0, mail: 'code', intoMailbox: false },
  })
  await (await alice(site)).close()
  return { site, relay, audit }
}

const present = async ({ accounts }: TestSite): Promise<string | undefined> =>
  (await accounts.info(address)).alternateAddress

async function trail({ accounts }: TestSite): Promise<string[]> {
  const entries = await accounts.trail.trail(address, secret)
  return entries.map(({ kind, by, detail }) => `${kind} by ${by} ${detail ?? '-'}`)
}

describe('the owner’s other address', () => {
  it('is set, changed and taken away by the owner, and both addresses are told', async () => {
    const { site, relay, audit } = await lived()
    const { alternateAddress } = site.accounts
    assert.deepEqual([alternateAddress.isSentTo, alternateAddress.takesCodes], [true, true])
    await alternateAddress.change(address, secret, ' First@elsewhere.example ')
    assert.equal(await present(site), 'first@elsewhere.example')
    await alternateAddress.change(address, secret, 'second@elsewhere.example')
    await alternateAddress.change(address, secret, 'second@elsewhere.example')
    await alternateAddress.change(address, secret, undefined)
    assert.equal(await present(site), undefined)
    assert.deepEqual(relay.sent, [
      'first@elsewhere.example: Notices about your mailbox come here, too',
      'first@elsewhere.example: Notices about your mailbox come here no more',
      'second@elsewhere.example: Notices about your mailbox come here, too',
      'second@elsewhere.example: Notices about your mailbox come here no more',
    ])
    assert.deepEqual(await trail(site), [
      'alternate-address by owner first@elsewhere.example',
      'alternate-address by owner second@elsewhere.example',
      'alternate-address by owner -',
    ])
    const lines = audit.filter(({ event }) => event === 'account.alternate-address')
    assert.deepEqual(
      lines.map(({ by, detail }) => [by, detail?.['isSet']]),
      [
        ['owner', true],
        ['owner', true],
        ['owner', false],
      ],
    )
    // Addresses of elsewhere are nobody's business.
    assert.ok(!JSON.stringify(lines).includes('elsewhere.example'))
  })

  it('survives a restart, and is changed although the relay is down', async () => {
    const { site, relay } = await lived()
    relay.fails = true
    await site.accounts.alternateAddress.change(address, secret, 'first@elsewhere.example')
    await site.restart()
    assert.equal(await present(site), 'first@elsewhere.example')
  })

  it('changed by an admin is in the owner’s trail, and the address from before is told', async () => {
    const { site, relay } = await lived()
    await site.accounts.alternateAddress.change(address, secret, 'hers@elsewhere.example')
    await site.accounts.setAlternateAddress(address, 'admins@elsewhere.example')
    assert.ok(relay.sent.includes('hers@elsewhere.example: Notices about your mailbox come here no more'))
    assert.deepEqual((await trail(site)).at(-1), 'alternate-address by admin admins@elsewhere.example')
    const [entry] = (await site.accounts.trail.trail(address, secret)).slice(-1)
    assert.equal(entry?.isNew, true)
  })

  it('is not the account with a detail, whatever the site puts before details', async () => {
    const { site } = await lived('-_')
    const { alternateAddress } = site.accounts
    for (const given of ['alice-notices@example.org', 'alice_notices@example.org'])
      await assert.rejects(alternateAddress.change(address, secret, given), refuses('in-use'))
    await alternateAddress.change(address, secret, 'alice+notices@example.org')
  })

  const refused: readonly (readonly [what: string, given: string, code: RefusalCode])[] = [
    ['no address', 'elsewhere.example', 'limit'],
    ['two addresses', 'a@x.example,b@x.example', 'limit'],
    ['a header field', 'a@x.example\r\nBcc: b@x.example', 'limit'],
    ['a route', '<@relay:a@x.example>', 'limit'],
    ['one that is too long', `${'a'.repeat(250)}@x.example`, 'limit'],
    ['the account itself', 'Alice@Example.org', 'in-use'],
    ['the account with a detail', 'alice+notices@example.org', 'in-use'],
    ['an alias of the account', 'info@example.org', 'in-use'],
  ]
  for (const [what, given, code] of refused) {
    it(`is not ${what}`, async () => {
      const { site, relay } = await lived()
      await site.accounts.names.addAlias('info@example.org', [address])
      await assert.rejects(site.accounts.alternateAddress.change(address, secret, given), refuses(code))
      await assert.rejects(site.accounts.setAlternateAddress(address, given), refuses(code))
      assert.deepEqual([await present(site), relay.sent, await trail(site)], [undefined, [], []])
    })
  }

  it('needs the main password: a wrong one and an app password change nothing', async () => {
    const { site, relay } = await lived()
    const { text } = await site.accounts.slots.addAppPassword(address, secret, { name: 'phone' })
    for (const tried of [Buffer.from('wrong'), text])
      await assert.rejects(
        site.accounts.alternateAddress.change(address, { kind: 'password', password: tried }, 'x@y.example'),
        refuses('authentication-failed'),
      )
    await assert.rejects(
      site.accounts.alternateAddress.change('nobody@example.org', secret, 'x@y.example'),
      refuses('no-such-account'),
    )
    assert.deepEqual([await present(site), relay.sent], [undefined, []])
  })
})
