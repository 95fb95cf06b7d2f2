// A disk that fills up, or fails, under a backup: whichever write it is, the backups from before are whole, and the next run makes one.
import assert from 'node:assert/strict'
import { open, type FileHandle } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import { checkBackup } from '../../src/backup/check.ts'
import { deliverTo, mail } from '../account/support.ts'
import { alice, filesOf, incremental, live, openSite, remove, take, type BackupSite } from './support.ts'

type Operation = 'writeFile' | 'sync'

/** From now on the `left`-th call of this operation on any open file fails with `code`, and those after it, until `end`. */
async function failing(
  context: TestContext,
  operation: Operation,
  code: string,
): Promise<{ begin: (left: number) => void; end: () => void; readonly calls: number }> {
  const file = await open(import.meta.filename)
  const prototype = Object.getPrototypeOf(file) as FileHandle
  await file.close()
  let left = Infinity
  let calls = 0
  const real: unknown = Reflect.get(prototype, operation)
  assert.ok(typeof real === 'function')
  context.mock.method(prototype, operation, async function (this: FileHandle, ...words: unknown[]) {
    calls += 1
    if ((left -= 1) < 0) throw Object.assign(new Error(`${code}: injected`), { code })
    await Reflect.apply(real, this, words)
  })
  return {
    begin(count) {
      left = count
      calls = 0
    },
    end: () => void (left = Infinity),
    get calls() {
      return calls
    },
  }
}

/** Resolves to how many generations there are, all of them whole. */
async function whole({ backup, siteKey }: BackupSite): Promise<number> {
  const { problems, generations } = await checkBackup(backup, { siteKey })
  assert.deepEqual(problems, [])
  return generations
}

describe('a backup whose disk', () => {
  for (const [name, operation, code] of [
    ['is full', 'writeFile', 'ENOSPC'],
    ['does not take what was written', 'sync', 'EIO'],
  ] as const)
    it(`${name} at any write leaves the ones before whole, and the next run makes one`, async (context) => {
      const site = await openSite()
      await live(site)
      await site.backups.take(site.backup, take)
      await deliverTo(site.accounts, alice, mail('after it', 'x'.repeat(300_000)))
      const fault = await failing(context, operation, code)
      let left = 0
      for (; ; left += 1) {
        fault.begin(left)
        const failed = await site.backups.take(site.backup, incremental).then(
          () => undefined,
          (error: unknown) => error,
        )
        fault.end()
        if (failed === undefined) break
        assert.equal((failed as NodeJS.ErrnoException).code, code)
        // Its name may have been written when the directory could not be synchronised: then it is whole, although nobody was told so.
        const generations = await whole(site)
        assert.ok(generations === 1 || operation === 'sync', `after ${left}`)
      }
      assert.ok(left >= 4, `${left} places`)
      assert.ok((await whole(site)) > 1)
      assert.deepEqual(
        (await filesOf(site.backup)).filter((path) => path.endsWith('/lock')),
        [],
      )
      await site.close()
      await remove(site)
    })
})
