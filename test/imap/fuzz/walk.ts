// After the storm: everything in an account is read as a well-behaved client would, twice, with the keys wiped in between.
import assert from 'node:assert/strict'
import { address, passwordText, type Harness, type KeptLog } from '../harness.ts'

/** The server did not fail where it only should have refused. */
export function assertNoFaults(log: KeptLog): void {
  const faults = log.lines.filter(({ event }) =>
    ['imap.fault', 'imap.crash', 'imap.end', 'imap.damaged'].includes(event),
  )
  assert.deepEqual(faults, [])
}

/** Every mailbox with its messages, as FETCH tells them. Fails when a message cannot be read. */
export async function readEverything(harness: Harness): Promise<string[]> {
  const client = await harness.connect()
  await client.ok(`LOGIN ${address} "${passwordText}"`)
  const seen: string[] = []
  for (const row of (await client.ok('LIST "" "*"')).slice(0, -1)) {
    const name = /"\/" (.*)$/s.exec(row)?.[1] ?? ''
    seen.push(row)
    const opened = await client.ok(`EXAMINE ${name}`)
    seen.push(...opened.filter((line) => /EXISTS|UIDVALIDITY|UIDNEXT/.test(line)))
    if (opened.some((line) => line.startsWith('* 0 EXISTS'))) continue
    const items = '(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])'
    for (const response of (await client.ok(`FETCH 1:* ${items}`)).slice(0, -1)) {
      const [, size, octets] = /RFC822\.SIZE ([0-9]+) .* BODY\[\] (?:\{([0-9]+)\}|"")/s.exec(response) ?? []
      assert.equal(octets ?? '0', size, response)
      seen.push(response.replace(/ ?\\Recent/, ''))
    }
  }
  await client.ok('LOGOUT')
  return seen
}

/** The account is whole: what its memory says is what a login reads back from the store. */
export async function assertWhole(harness: Harness): Promise<void> {
  const before = await readEverything(harness)
  await Promise.all(harness.handles.map(({ closed }) => closed))
  await harness.lock()
  assert.deepEqual(harness.site.accounts.sessions(), [])
  assert.deepEqual(await readEverything(harness), before)
}
