// `letterlock demo`: a first look that proves what it says, then a server to play with.
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { programCommand, type ProgramCommand } from '../admin/command.ts'
import { exitCodes } from '../admin/exit-code.ts'
import { packageVersion } from '../admin/package-version.ts'
import type { View } from '../admin/view.ts'
import { pairLines } from '../admin/words.ts'
import { DemoServer, programPath } from './demo/demo-server.ts'
import { makePlace, wipePlace } from './demo/place.ts'
import { Stage } from './demo/stage.ts'
import type { Outcome, play as playStory } from './demo/story.ts'

const input = z.strictObject({
  keep: z.boolean().optional(),
  once: z.boolean().optional(),
  json: z.boolean().optional(),
})

function waitForEnd(server: DemoServer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    void server.ended().then(resolve)
  })
}

function showHowToConnect(stage: Stage, directory: string, outcome: Outcome): void {
  const { ports, user, password, recoveryCode, url, pageUser, pagePassword } = outcome
  const { paint } = stage
  const page: (readonly [string, string])[] = [
    ['in a browser', paint.bold(url)],
    ['mail address', pageUser],
    ['password', paint.bold(pagePassword)],
  ]
  const pairs: (readonly [string, string])[] = [
    ['IMAP over TLS', `127.0.0.1, port ${ports.imaps} (the certificate was made here)`],
    ['IMAP, STARTTLS', `127.0.0.1, port ${ports.imap}`],
    ['user name', user],
    ['password', paint.bold(password)],
    ['recovery code', recoveryCode],
    ['deliver mail', `LMTP, 127.0.0.1, port ${ports.lmtp}`],
  ]
  const near = relative(process.cwd(), programPath)
  const program = near.startsWith('..') ? programPath : near
  stage.lines([
    '',
    `  ${paint.bold('The server stays up. Look for yourself:')}`,
    '',
    ...pairLines(page).map((line) => `    ${line}`),
    ...['Turn encryption on there, keep the code, forget the password, get back in.', ''].map(
      (line) => `    ${line}`,
    ),
    '    or in a mail program, with the account that all of the above was done with:',
    '',
    ...pairLines(pairs).map((line) => `    ${line}`),
    '',
    '    in another terminal (who, atrest status, doctor, ...):',
    `      ${paint.cyan(`node ${program} --data ${directory} who`)}`,
    '',
    `  ${paint.dim('^C stops it.')}`,
    '',
  ])
}

function printJson(view: View, stage: Stage, directory: string, outcome: Outcome | undefined): void {
  view.out(JSON.stringify({ ok: outcome !== undefined, steps: stage.steps, dataDir: directory, ...outcome }))
}

async function showLogEnd(view: View, directory: string): Promise<void> {
  const text = await readFile(join(directory, 'demo.log'), 'utf8').catch(() => '')
  const lines = text.trim().split('\n').slice(-8)
  if (text !== '')
    view.alarm(`\n  The end of the server’s log:\n${lines.map((line) => `    ${line}`).join('\n')}`)
}

/** Shows every promise on a server of its own, then keeps that server up until ^C. */
export const demo: ProgramCommand<z.output<typeof input>> = programCommand({
  name: 'demo',
  summary: 'see it work: a trial server that proves what it says',
  notes:
    'Starts a server of its own on 127.0.0.1 with a data directory of its own, delivers mail, seals it, restarts, reads ' +
    'it back, searches the disk for its words, and recovers from a forgotten password. Then the server stays up until ^C, ' +
    'and the directory is wiped. With --data DIR, that directory is used; it must be empty or missing.',
  examples: [
    { line: 'letterlock demo', does: 'shows it, then stays up to play with' },
    { line: 'letterlock demo --once', does: 'exits with 0 when every step was proven, else with 1' },
    { line: 'letterlock --data /tmp/try demo --keep', does: 'leaves its data to look at' },
  ],
  options: [
    { flags: '--once', description: 'end after the last step' },
    { flags: '--keep', description: 'do not wipe the data directory at the end' },
    {
      flags: '--json',
      description: 'print one JSON object about the steps; the story goes to standard error',
    },
  ],
  input,

  async run(desk, { keep, once, json }, view) {
    const directory = await makePlace(desk.source.dataDir)
    const stage = new Stage(view, json === true)
    const end = async (): Promise<void> => {
      if (keep) view.talk(`  The data is in ${directory}`)
      else await wipePlace(directory)
    }
    stage.headline(
      `Letterlock ${packageVersion()}`,
      'Mail that its own server cannot read while you are logged out.',
    )
    // Loaded here: other commands start faster without a mail client.
    const { play } = await import('./demo/story.ts')
    let played: Awaited<ReturnType<typeof playStory>>
    try {
      played = await play(stage, directory, desk.signal)
    } catch (error) {
      if (!desk.signal.aborted) {
        await showLogEnd(view, directory)
        if (json) printJson(view, stage, directory, undefined)
        if (stage.steps.length === 0) throw error
      }
      await end()
      return desk.signal.aborted ? exitCodes.interrupted : exitCodes.failed
    }
    const { server, outcome } = played
    try {
      if (json) printJson(view, stage, directory, outcome)
      if (once) {
        const total = stage.steps.reduce((sum, { ms }) => sum + ms, 0)
        stage.lines([
          '',
          `  ${stage.paint.green('Everything was proven')} in ${(total / 1000).toFixed(1)} s.`,
          '',
        ])
        return exitCodes.ok
      }
      showHowToConnect(stage, directory, outcome)
      await waitForEnd(server, desk.signal)
      // ^C is how it is meant to end.
      return exitCodes.ok
    } finally {
      await server.stop()
      await end()
    }
  },
})
