import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isThisMachine, networkOf } from '../../src/base/network-name.ts'

const rows: readonly (readonly [address: string, network: string, isLocal: boolean])[] = [
  ['203.0.113.9', '203.0.113.0/24', false],
  ['::ffff:203.0.113.9', '203.0.113.0/24', false],
  ['127.0.0.1', '127.0.0.0/24', true],
  ['::ffff:127.0.0.1', '127.0.0.0/24', true],
  ['::1', '0:0:0:0::/64', true],
  ['2001:db8::1', '2001:db8:0:0::/64', false],
  ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0::/64', false],
  ['2001:db8:1:2::', '2001:db8:1:2::/64', false],
  ['2001:0db8:0001::5:6', '2001:db8:1:0::/64', false],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64', false],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', false],
  ['', 'local', true],
  ['local', 'local', true],
]

for (const [address, network, isLocal] of rows) {
  test(`${address || 'a Unix socket'} belongs to ${network}`, () => {
    assert.equal(networkOf(address), network)
    assert.equal(isThisMachine(address), isLocal)
  })
}
