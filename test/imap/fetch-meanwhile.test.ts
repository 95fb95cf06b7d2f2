// FETCH while the mailbox changes: a client that goes on from the greatest MODSEQ it was told misses nothing (RFC 7162 §3.1).
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withFaults, type Faults } from './faulty-accounts.ts'
import { mail, makeHarness, type Harness } from './harness.ts'

/** UIDs that were answered, each once: a changed flag is told besides. */
const toldIn = (lines: readonly string[]): number[] => [
  ...new Set(lines.filter((line) => line.includes('UID ')).map((line) => numberIn(line, 'UID'))),
]

const numberIn = (line: string, name: string): number =>
  Number(new RegExp(`${name} \\(?(\\d+)`).exec(line)?.[1])

/** Two messages, and somebody who does `change` when the first FETCH has begun and has answered nothing so far. */
async function whileFetching(
  change: (harness: Harness) => Promise<void>,
  test: (harness: Harness) => Promise<void>,
): Promise<void> {
  let isDone = false
  const faults: Faults = {}
  const harness = await makeHarness({ wrap: (accounts) => withFaults(accounts, faults) })
  faults.mailbox = async (method) => {
    if (method !== 'contents' || isDone) return
    isDone = true
    await change(harness)
  }
  try {
    await harness.put(mail('one'))
    await harness.put(mail('two'))
    await test(harness)
  } finally {
    await harness.close()
  }
}

/** New mail, and after it a change of what was there before. */
async function mailThenFlag(harness: Harness): Promise<void> {
  const other = await harness.select()
  await harness.put(mail('three'))
  await other.ok('UID STORE 2 +FLAGS.SILENT (\\Flagged)')
}

describe('mail that comes while FETCH answers, before a change that it tells', () => {
  it('is announced and answered as well, where the set has no end', () =>
    whileFetching(mailThenFlag, async (harness) => {
      const client = await harness.select()
      const lines = await client.ok(
        'UID FETCH 1:* (MODSEQ BODY.PEEK[HEADER.FIELDS (SUBJECT)]) (CHANGEDSINCE 1)',
      )
      const told = toldIn(lines)
      assert.deepEqual(told, [1, 2, 3])
      const exists = lines.findIndex((line) => line === '* 3 EXISTS')
      assert.ok(exists >= 0 && exists < lines.findIndex((line) => line.includes('UID 3')), lines.join('\n'))
      const greatest = Math.max(
        ...lines.filter((line) => line.includes('MODSEQ')).map((line) => numberIn(line, 'MODSEQ')),
      )
      const later = await client.ok(`UID FETCH 1:* (UID) (CHANGEDSINCE ${greatest})`)
      assert.deepEqual(
        later.filter((line) => line.includes('FETCH (')),
        [],
      )
    }))

  it('is announced and not answered, where the set ends', () =>
    whileFetching(mailThenFlag, async (harness) => {
      const client = await harness.select()
      const lines = await client.ok('UID FETCH 1:2 (MODSEQ BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
      assert.deepEqual(toldIn(lines), [1, 2])
      assert.ok(lines.includes('* 3 EXISTS'))
    }))

  it('waits for the next command when nothing newer was told', () =>
    whileFetching(
      async (harness) => {
        await harness.put(mail('three'))
      },
      async (harness) => {
        const client = await harness.select()
        const lines = await client.ok('UID FETCH 1:* (MODSEQ BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
        assert.deepEqual(toldIn(lines), [1, 2])
        assert.ok(lines.includes('* 3 EXISTS'))
      },
    ))
})
