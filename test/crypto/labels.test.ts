import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { boxKinds } from '../../src/crypto/box.ts'
import { labels } from '../../src/crypto/labels.ts'

const folder = join(process.cwd(), 'src', 'crypto')
const format = readFileSync(join(folder, 'FORMAT.md'), 'utf8')

describe('the label table', () => {
  it('is the one of FORMAT.md', () => {
    const written = [...format.matchAll(/^\| `(letterlock\/1 [^`]+)` \|/gm)].map(([, name]) => name)
    const used = Object.values(labels).map((label) => label.subarray(1).toString('ascii'))
    assert.deepEqual(used, written)
  })

  it('holds each label once, behind its length', () => {
    const all = Object.values(labels)
    assert.equal(new Set(all.map((label) => label.toString('hex'))).size, all.length)
    for (const label of all) assert.equal(label[0], label.length - 1)
  })

  it('is the only place where labels are written', () => {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'labels.ts')) {
      assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /letterlock\/1/, file)
    }
  })
})

describe('the kinds of boxes', () => {
  it('are numbered as in FORMAT.md', () => {
    const section = format.slice(format.indexOf('| kind | thing'), format.indexOf('## 4. Body'))
    const written = [...section.matchAll(/(\d+) \| ([a-z ]+?)(?= \|)/g)]
      .map(([, number, thing]) => [Number(number), thing] as const)
      .sort(([a], [b]) => a - b)
      .map(([number, thing]) => `${number} ${thing}`)
    assert.deepEqual(
      written.filter((row) => row !== '13 search text'),
      [
        `${boxKinds.volumeKey} volume key in a slot`,
        `${boxKinds.keyset} keyset`,
        `${boxKinds.slotLabel} slot label`,
        `${boxKinds.arrival} arrival`,
        `${boxKinds.logEntry} log entry`,
        `${boxKinds.manifest} manifest`,
        `${boxKinds.list} mailbox list page`,
        `${boxKinds.message} message record`,
        `${boxKinds.messagePage} message page`,
        `${boxKinds.statePage} state page`,
        `${boxKinds.recoveryHeader} recovery header`,
        `${boxKinds.trailEntry} trail entry`,
        `${boxKinds.expungeHistory} expunge history`,
        `${boxKinds.slotUse} slot use`,
        `${boxKinds.scramVerifier} scram verifier`,
        `${boxKinds.sealedSiteKey} sealed site key`,
        `${boxKinds.escrowShare} escrow share`,
      ],
    )
  })
})
