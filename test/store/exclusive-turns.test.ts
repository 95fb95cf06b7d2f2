// A segment made for one long body is that body's from the first moment: nobody who asks in between gets it too.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { silentLog } from '../../src/base/ports.ts'
import type { Account } from '../../src/store/level/account.ts'
import type { FileOperations, OpenFile } from '../../src/store/level/bodies/files.ts'
import { OpenFiles } from '../../src/store/level/bodies/open-files.ts'
import type { Segment } from '../../src/store/level/bodies/segment.ts'
import { AccountSegments } from '../../src/store/level/bodies/segments.ts'
import type { Disk } from '../../src/store/level/disk.ts'

/** Calls `run` so many steps of the microtask queue from now. */
function afterSteps(steps: number, run: () => void): void {
  if (steps === 0) run()
  else queueMicrotask(() => afterSteps(steps - 1, run))
}

/** An account's segments on files that hold nothing; `onHeader` is called when the first new file has its header. */
function segmentsWith(onHeader: () => void): AccountSegments {
  let isFirst = true
  const file = {
    write: async (parts: readonly Uint8Array[]) => {
      if (isFirst) onHeader()
      isFirst = false
      return parts.reduce((sum, part) => sum + part.length, 0)
    },
    close: async () => undefined,
  } as unknown as OpenFile
  const files = {
    makeDirectory: async () => undefined,
    syncDirectory: async () => undefined,
    create: async () => file,
  } as unknown as FileOperations
  const disk = {
    files,
    open: new OpenFiles(files, silentLog, 8),
    segments: '/nowhere',
    limits: { segmentBytes: 1000 },
  } as unknown as Disk
  return new AccountSegments(disk, { hex: '00', id: Buffer.alloc(16) } as unknown as Account)
}

const manySteps = 40

it('two long bodies never get one segment, however their turns fall', async () => {
  for (let steps = 0; steps < manySteps; steps += 1) {
    let second: Promise<Segment> | undefined
    const segments = segmentsWith(() => {
      afterSteps(steps, () => {
        second = segments.takeExclusive()
      })
    })
    const first = await segments.takeExclusive()
    while (!second) await Promise.resolve()
    assert.notEqual(first, await second, `${steps} steps later`)
  }
})

it('nobody who looks at all segments finds the one for a long body free', async () => {
  for (let steps = 0; steps < manySteps; steps += 1) {
    let looked: Segment[] | undefined
    const segments = segmentsWith(() => {
      afterSteps(steps, () => {
        looked = segments.all().filter(({ isExclusive }) => !isExclusive)
      })
    })
    await segments.takeExclusive()
    while (!looked) await Promise.resolve()
    assert.deepEqual(looked, [], `${steps} steps later`)
  }
})
