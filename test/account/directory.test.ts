// Directory entries: what an address stands for, vouched for by the site (FORMAT.md §8.3).
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  capabilitiesOffField,
  fieldOf,
  pendingField,
  policyField,
  withField,
} from '../../src/account/directory-fields.ts'
import { decodeEntry, encodeEntry, type EntryState } from '../../src/account/directory.ts'
import { Damage, isRefusal } from '../../src/account/errors.ts'
import { directoryMac } from '../../src/crypto/directory-mac.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { makeSite, password } from './support.ts'
import { collect } from '../../src/base/async.ts'

await cryptoReady()
const { siteKey } = SiteKey.make()
const address = 'alice@example.org'
const account = Buffer.alloc(16, 7)
const plain: EntryState = { isDisabled: false, isDeleting: false, fields: new Map() }

/** An entry as a writer of the disk would make it, with the right MAC: only its form is wrong. */
function entry(rest: string): Buffer {
  const before = Buffer.from(`03${'07'.repeat(16)}${rest}`, 'hex')
  return Buffer.concat([before, directoryMac(siteKey, address, before)])
}

describe('a directory entry', () => {
  it('keeps flags and fields', () => {
    let { fields } = plain
    fields = withField(fields, pendingField, true)
    fields = withField(fields, policyField, 'all')
    fields = withField(fields, capabilitiesOffField, ['SORT', 'THREAD=REFERENCES'])
    const bytes = encodeEntry(siteKey, address, account, { isDisabled: true, isDeleting: false, fields })
    const read = decodeEntry(siteKey, address, bytes)
    assert.deepEqual([read.isDisabled, read.isDeleting], [true, false])
    assert.deepEqual(read.account, account)
    assert.deepEqual(read.capabilitiesOff, ['SORT', 'THREAD=REFERENCES'])
    assert.equal(fieldOf(read.fields, policyField), 'all')
    assert.equal(fieldOf(read.fields, pendingField), true)
    const unmarked = withField(read.fields, pendingField, false)
    assert.equal(fieldOf(unmarked, pendingField), false)
    assert.deepEqual([...unmarked.keys()].sort(), [1, 2])
  })

  it('has the default of every field that it does not hold', () => {
    const { fields } = decodeEntry(siteKey, address, encodeEntry(siteKey, address, account, plain))
    assert.equal(fieldOf(fields, policyField), undefined)
    assert.equal(fieldOf(fields, pendingField), false)
    assert.deepEqual(fieldOf(fields, capabilitiesOffField), [])
  })

  it('is read in its older versions, which had no MAC', () => {
    const first = decodeEntry(siteKey, address, Buffer.from(`01${'07'.repeat(16)}01`, 'hex'))
    assert.deepEqual([first.isDisabled, first.isDeleting, first.capabilitiesOff], [true, false, []])
    const sort = Buffer.concat([Buffer.from(`02${'07'.repeat(16)}00010004`, 'hex'), Buffer.from('SORT')])
    const second = decodeEntry(siteKey, address, sort)
    assert.deepEqual(second.capabilitiesOff, ['SORT'])
    for (const bytes of [sort.subarray(0, -1), Buffer.concat([sort, Buffer.of(0)])])
      assert.throws(() => decodeEntry(siteKey, address, bytes), Damage)
  })

  it('is refused when any bit of it, or its address, or the site is another', () => {
    const fields = withField(plain.fields, policyField, 'all')
    const bytes = encodeEntry(siteKey, address, account, { ...plain, fields })
    for (let at = 0; at < bytes.length * 8; at += 1) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3)
      assert.throws(() => decodeEntry(siteKey, address, flipped), Damage, `bit ${at}`)
    }
    for (let length = 0; length < bytes.length; length += 1)
      assert.throws(() => decodeEntry(siteKey, address, bytes.subarray(0, length)), Damage)
    assert.throws(() => decodeEntry(siteKey, 'mallory@example.org', bytes), Damage)
    assert.throws(() => decodeEntry(SiteKey.make().siteKey, address, bytes), Damage)
  })

  const rows: readonly [name: string, rest: string][] = [
    ['an unknown flag', '0400'],
    ['an unknown field', '0001fa000101'],
    ['a field twice', '00020300010103000101'],
    ['fields out of order', '00020300010102000101'],
    ['fewer fields than it says', '000203000101'],
    ['more than it says', '000003000101'],
    ['field 0', '000100000101'],
  ]
  for (const [name, rest] of rows)
    it(`is refused with ${name}`, () => {
      assert.throws(() => decodeEntry(siteKey, address, entry(rest)), Damage)
    })

  it('says so when a field holds what it cannot', () => {
    const { fields } = decodeEntry(siteKey, address, entry('000102000109'))
    assert.throws(() => fieldOf(fields, policyField), Damage)
    const longer = decodeEntry(siteKey, address, entry('00010300020101'))
    assert.throws(() => fieldOf(longer.fields, pendingField), Damage)
  })
})

describe('the directory', () => {
  it('takes changes made at the same moment one after another', async () => {
    const site = await makeSite()
    await site.accounts.create(address, password())
    await Promise.all([
      site.accounts.setDisabled(address, true),
      site.accounts.setCapabilitiesOff(address, ['SORT']),
    ])
    const { isDisabled, capabilitiesOff } = await site.accounts.info(address)
    assert.deepEqual([isDisabled, capabilitiesOff], [true, ['SORT']])
  })

  it('makes an old entry a new one when it is changed', async () => {
    const site = await makeSite()
    await site.accounts.create(address, password())
    const { directory } = site.store
    const { accountId } = await site.accounts.info(address)
    const old = Buffer.from(`02${accountId}00010004534f5254`, 'hex')
    await directory.put(address, old, await directory.get(address))
    assert.deepEqual((await site.accounts.info(address)).capabilitiesOff, ['SORT'])
    await site.accounts.setDisabled(address, true)
    assert.equal((await directory.get(address))?.[0], 3)
    assert.deepEqual((await site.accounts.info(address)).capabilitiesOff, ['SORT'])
  })

  it('still gives out sealed mail when the key of the site is lost', async () => {
    const site = await makeSite()
    await site.accounts.create(address, password())
    const other = await makeSite({}, site.store)
    await assert.rejects(other.accounts.info(address), (error) => isRefusal(error, 'damaged'))
    assert.ok((await collect(other.accounts.exportSealed(address))).length > 1000)
  })
})
