// Reads a wire script and plays it (the grammar is in fixtures/imap/README.md).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseInternalDate } from '../../src/mail/date.ts'
import type { Client } from './client.ts'
import { address, makeHarness, passwordText, type Door, type Harness } from './harness.ts'

export const scriptsDirectory = join(process.cwd(), 'fixtures', 'imap')

interface Step {
  readonly line: number
  readonly session: number
  readonly side: 'C' | 'S'
  readonly text: string
}

export interface Script {
  readonly name: string
  readonly header: ReadonlyMap<string, string>
  readonly steps: readonly Step[]
}

export function readScript(file: string): Script {
  const lines = readFileSync(join(scriptsDirectory, file), 'utf8').split('\n')
  const blank = lines.indexOf('')
  const header = new Map<string, string>()
  for (const line of lines.slice(0, blank)) {
    const match = /^([a-z]+): (.*)$/.exec(line)
    if (match) header.set(match[1] ?? '', match[2] ?? '')
    else if (!line.startsWith('#')) throw new Error(`${file}: not a header line: ${line}`)
  }
  const steps: Step[] = []
  for (const [index, line] of lines.entries()) {
    if (index <= blank || line === '' || line.startsWith('#')) continue
    const match = /^([0-9]) ([CS])([:|])(?: (.*))?$/.exec(line)
    if (!match) throw new Error(`${file}:${index + 1}: not a line of a dialogue: ${line}`)
    const [, session, side, mark, text = ''] = match
    const last = steps.at(-1)
    if (mark === '|' && last) steps[steps.length - 1] = { ...last, text: `${last.text}\r\n${text}` }
    else steps.push({ line: index + 1, session: Number(session), side: side as 'C' | 'S', text })
  }
  return { name: file.replace(/\.txt$/, ''), header, steps }
}

/** Plays a script against a server of its own. */
export async function play(script: Script): Promise<void> {
  const harness = await makeHarness()
  try {
    await putMail(harness, script.header.get('mail'))
    const clients = new Map<number, Client>()
    for (let number = 1; number <= Number(script.header.get('sessions') ?? 1); number += 1) {
      clients.set(number, await open(harness, script))
    }
    const bound = new Map<string, string>()
    for (const step of script.steps) {
      const client = clients.get(step.session)
      assert.ok(client, `line ${step.line}: no session ${step.session}`)
      if (step.side === 'C') client.send(substitute(step.text, bound))
      else await expect(client, step, bound)
    }
    for (const client of clients.values()) await expectSilence(client)
  } finally {
    await harness.close()
  }
}

async function open(harness: Harness, { header }: Script): Promise<Client> {
  const client = await harness.connect((header.get('connection') ?? 'tls') as Door)
  const state = header.get('state') ?? 'selected'
  if (state === 'connected') return client
  await client.ok(`LOGIN ${address} "${passwordText}"`)
  for (const capability of header.get('needs')?.split(' ') ?? []) {
    const [answer = ''] = await client.ok('CAPABILITY')
    assert.ok(answer.split(' ').includes(capability), `the server does not offer ${capability}`)
  }
  if (state === 'selected') await client.ok('SELECT INBOX')
  else assert.equal(state, 'authenticated')
  return client
}

/** `mail: name`: messages of fixtures/imap/mail/name.txt, into INBOX. */
async function putMail(harness: Harness, name: string | undefined): Promise<void> {
  if (name === undefined) return
  const text = readFileSync(join(scriptsDirectory, 'mail', `${name}.txt`), 'utf8')
  for (const part of text.split(/^From /m).slice(1)) {
    const end = part.indexOf('\n')
    const match = /^"(.*)" \((.*)\)$/.exec(part.slice(0, end))
    const date = parseInternalDate(match?.[1] ?? '')
    assert.ok(match && date, `${name}: malformed From line`)
    await harness.put(part.slice(end + 1).replaceAll('\n', '\r\n'), {
      flags: match[2] ? match[2].split(' ') : [],
      internalDate: date.epochMs,
      zoneMinutes: date.zoneMinutes,
    })
  }
}

function substitute(text: string, bound: ReadonlyMap<string, string>): string {
  return text.replace(/\$([a-z][a-z0-9]*)/gi, (whole, name: string) => bound.get(name) ?? whole)
}

async function expect(client: Client, step: Step, bound: Map<string, string>): Promise<void> {
  const response = await client.next()
  if (step.text === '(closed)') {
    assert.equal(response, undefined, `line ${step.line}: the connection is still open`)
    return
  }
  assert.ok(response !== undefined, `line ${step.line}: the connection has ended`)
  const names: string[] = []
  const pattern = step.text.replace(/ \*$/, '').split(/(\$[a-z][a-z0-9]*)/i)
  const source = pattern
    .map((part, index) => {
      if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      const name = part.slice(1)
      const value = bound.get(name)
      if (value !== undefined) return value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      if (names.includes(name)) return `\\${names.indexOf(name) + 1}`
      names.push(name)
      return '([^\\s()\\[\\]"]+)'
    })
    .join('')
  const match = new RegExp(`^${source}${step.text.endsWith(' *') ? '( .*)?' : ''}$`, 's').exec(response)
  assert.ok(
    match,
    `line ${step.line}: expected ${JSON.stringify(step.text)}\n     but got ${JSON.stringify(response)}`,
  )
  if (/^[^*+ ]+ OK DEFLATE active$/.test(response)) client.compress()
  for (const [index, name] of names.entries()) bound.set(name, match[index + 1] ?? '')
}

/** Nothing may come that the script does not list. */
async function expectSilence(client: Client): Promise<void> {
  let isAnswered = false
  client.send('zz9 LOGOUT')
  for (let response = await client.next(); response !== undefined; response = await client.next()) {
    assert.match(response, /^(\* BYE |zz9 OK )/, 'not in the script')
    isAnswered = response.startsWith('zz9')
  }
  if (isAnswered && !client.rules.isBlind) assert.deepEqual(client.rules.unanswered, [], 'never answered')
}
