// SORT and THREAD where messages are damaged, go meanwhile, or nobody waits: what is told, and what is logged.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MessageContent } from '../../src/account/api.ts'
import { Refusal, type RefusalCode } from '../../src/account/errors.ts'
import { withFaults, type Faults } from './faulty-accounts.ts'
import { KeptLog, mail, makeHarness, type Harness } from './harness.ts'

async function withMail(
  faults: Faults,
  test: (harness: Harness, log: KeptLog) => Promise<void>,
): Promise<void> {
  const log = new KeptLog()
  const harness = await makeHarness({ log, wrap: (accounts) => withFaults(accounts, faults) })
  try {
    for (const subject of ['ccc', 'bbb', 'aaa']) await harness.put(mail(subject))
    await test(harness, log)
  } finally {
    await harness.close()
  }
}

/** A message whose header is not kept ready, and whose body cannot be read. */
function unreadable(content: MessageContent, code: RefusalCode): MessageContent {
  return {
    ...content,
    emailId: content.emailId,
    header: undefined,
    async *read() {
      throw new Refusal(code, 'The message cannot be read')
    },
  }
}

describe('SORT and THREAD', () => {
  const rows: readonly (readonly [string, Faults])[] = [
    [
      'record',
      {
        content(content) {
          if (content.uid === 2) throw new Refusal('damaged', 'The message is damaged')
          return content
        },
      },
    ],
    ['body', { content: (content) => (content.uid === 2 ? unreadable(content, 'damaged') : content) }],
  ]
  for (const [what, faults] of rows) {
    it(`warn of a damaged ${what}, log it, and take the message for an empty one`, () =>
      withMail(faults, async ({ select }, log) => {
        const client = await select()
        assert.deepEqual(await client.ok('SORT (SUBJECT) UTF-8 ALL'), [
          '* NO [CORRUPTION] 1 damaged or unreadable, sorted as if empty',
          '* SORT 2 3 1',
          'OK SORT completed',
        ])
        const [warning, threads] = await client.ok('THREAD REFERENCES UTF-8 ALL')
        assert.match(warning ?? '', /^\* NO \[CORRUPTION\] 1 /)
        assert.equal(threads?.match(/[0-9]+/g)?.length, 3)
        const logged = log.lines.filter(({ event }) => event === 'imap.damaged')
        assert.deepEqual(
          logged.map(({ fields }) => fields['uid']),
          [2, 2],
        )
        // What needs no header is not disturbed.
        assert.deepEqual(await client.ok('SORT (REVERSE ARRIVAL) UTF-8 UID 2'), [
          '* SORT 2',
          'OK SORT completed',
        ])
      }))
  }

  it('leave out a message that is expunged before it could be read', () =>
    withMail(
      { content: (content) => (content.uid === 3 ? unreadable(content, 'message-expunged') : content) },
      async ({ select }) => {
        const client = await select()
        assert.deepEqual(await client.ok('SORT (SUBJECT) UTF-8 ALL'), ['* SORT 2 1', 'OK SORT completed'])
        assert.deepEqual(await client.ok('THREAD ORDEREDSUBJECT UTF-8 ALL'), [
          '* THREAD (1)(2)',
          'OK THREAD completed',
        ])
      },
    ))

  it('are refused as a whole when the store is unavailable, which empties the saved result', () => {
    let isBroken = false
    const faults: Faults = {
      mailbox() {
        if (isBroken) throw new Refusal('unavailable', 'The store is not available')
      },
    }
    return withMail(faults, async ({ select }) => {
      const client = await select()
      await client.ok('SEARCH RETURN (SAVE) 1:2')
      isBroken = true
      for (const command of [
        'SORT (SUBJECT) UTF-8 ALL',
        'THREAD REFS UTF-8 ALL',
        'UID SORT RETURN (SAVE) (DATE) UTF-8 ALL',
      ]) {
        assert.match((await client.run(command)).at(-1) ?? '', /^NO \[UNAVAILABLE\] /)
      }
      assert.deepEqual(await client.ok('SEARCH $'), ['* SEARCH', 'OK SEARCH completed'])
    })
  })

  it('stop when the peer has gone', async () => {
    let opened = 0
    const faults: Faults = {
      async mailbox(method) {
        if (method !== 'contents') return
        opened += 1
        await new Promise((resolve) => setImmediate(resolve))
      },
    }
    await withMail(faults, async ({ select, handles, put }) => {
      for (let count = 0; count < 50; count += 1) await put(mail(`more ${count}`))
      const client = await select()
      client.send('a SORT (SUBJECT) UTF-8 ALL')
      client.socket.destroy()
      await handles[0]?.closed
      assert.ok(opened <= 1)
    })
  })
})
