import assert from 'node:assert/strict'
import { chmod, chown, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { skipWithoutRoot } from '../support/programs.ts'
import { createSiteKey, readSiteKey } from '../../src/server/site-key.ts'

let directory = ''
let path = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'letterlock-'))
  path = join(directory, 'site.key')
})
afterEach(() => rm(directory, { recursive: true }))

test('a new key is 32 bytes that only its owner can read, and is read back', async () => {
  const before = process.umask(0)
  await createSiteKey(path).finally(() => process.umask(before))
  const { mode, size } = await stat(path)
  assert.equal(mode & 0o777, 0o600)
  assert.equal(size, 32)
  const key = await readSiteKey(path)
  const other = await readSiteKey(path)
  assert.deepEqual(key.serverSecret(Buffer.alloc(16)), other.serverSecret(Buffer.alloc(16)))
})

test('a key that exists is never replaced', async () => {
  await createSiteKey(path)
  const bytes = await readFile(path)
  await assert.rejects(createSiteKey(path), { code: 'configuration', message: /EEXIST/ })
  assert.deepEqual(await readFile(path), bytes)
})

test('a missing key is told with what to do', async () => {
  await assert.rejects(readSiteKey(path), {
    message: /cannot read the site key .* \(ENOENT\)/,
    hint: /letterlock init/,
  })
})

for (const mode of [0o640, 0o604, 0o660, 0o610]) {
  test(`a key with permissions ${mode.toString(8)} is refused`, async () => {
    await createSiteKey(path)
    await chmod(path, mode)
    await assert.rejects(readSiteKey(path), { message: /can be read by others/, hint: `chmod 0600 ${path}` })
  })
}

for (const length of [0, 31, 33, 64]) {
  test(`a key of ${length} bytes is refused`, async () => {
    await writeFile(path, Buffer.alloc(length), { mode: 0o600 })
    await assert.rejects(readSiteKey(path), { message: new RegExp(`must have 32 bytes, not ${length}`) })
  })
}

const skip = skipWithoutRoot()
test('a key of another user is refused', { skip }, async () => {
  await createSiteKey(path)
  await chown(path, 65_534, 65_534)
  await assert.rejects(readSiteKey(path), { message: /belongs to another user/ })
})

test('a link to a key is followed: secrets are mounted so', async () => {
  await createSiteKey(path)
  await symlink(path, join(directory, 'link'))
  await readSiteKey(join(directory, 'link'))
})
