import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeConfig } from '../../src/config/describe.ts'
import { loadConfig } from '../../src/config/load.ts'
import { allSettings } from '../../src/config/tree.ts'

test('the described file loads and is the defaults', () => {
  assert.deepEqual(loadConfig({ text: describeConfig() }), loadConfig())
})

test('the described file has every setting once, each explained', () => {
  const text = describeConfig()
  for (const { key, name, description } of allSettings) {
    assert.match(text, new RegExp(`^(# )?${key} = `, 'm'), name)
    assert.notEqual(description, '', name)
  }
  assert.equal(text.match(/^(# )?[a-z_]+ = /gm)?.length, allSettings.length)
})

test('what stands there as an example would be accepted', () => {
  const text = describeConfig().replace(/^# ([a-z_]+ = )/gm, '$1')
  assert.equal(loadConfig({ text }).siteKeyFile, '/etc/letterlock/site.key')
})

test('given values take the place of defaults', () => {
  const text = describeConfig({
    hostname: 'mail.example.org',
    'tls.cert': '/c',
    'tls.key': '/k',
    'listen.imap': [],
  })
  const config = loadConfig({ text })
  assert.equal(config.hostname, 'mail.example.org')
  assert.equal(config.tls.key, '/k')
  assert.deepEqual(config.listen.imap, [])
  assert.deepEqual(config.auth, loadConfig().auth)
})
