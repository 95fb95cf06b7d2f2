// The demo as a newcomer sees it: every step proven, a server that stays up, nothing left behind.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { isAnswered } from '../../src/admin/control-path.ts'
import { programPath } from '../../src/server/demo/demo-server.ts'

interface Story {
  readonly ok: boolean
  readonly steps: readonly {
    readonly id: string
    readonly ok: boolean
    readonly details: readonly string[]
  }[]
  readonly dataDir: string
  readonly ports: { readonly imaps: number }
  readonly password: string
}

function start(context: TestContext, argv: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [programPath, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.resume()
  context.after(() => child.kill('SIGKILL'))
  return child
}

async function storyOf(child: ChildProcess): Promise<Story> {
  assert.ok(child.stdout)
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Story
  throw new Error('the demo said nothing')
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Resolves when nobody answers at `path` any more. */
async function untilGone(path: string): Promise<void> {
  while (await isAnswered(path)) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('the demo', () => {
  it('proves every step, stays up until ^C, and leaves nothing behind', async (context) => {
    const child = start(context, ['demo', '--json'])
    const exited = once(child, 'exit')
    const story = await storyOf(child)
    assert.equal(story.ok, true)
    assert.deepEqual(
      story.steps.filter(({ ok }) => !ok),
      [],
    )
    assert.ok(story.steps.length >= 10)
    assert.equal(await answers(story.ports.imaps), true)
    assert.equal(existsSync(story.dataDir), true)
    child.kill('SIGINT')
    assert.deepEqual(await exited, [0, null])
    assert.equal(existsSync(story.dataDir), false)
    assert.equal(await answers(story.ports.imaps), false)
  })

  it('takes its server along when it is killed', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'letterlock-killed-'))
    context.after(() => rm(directory, { recursive: true, force: true }))
    const child = start(context, ['--data', directory, 'demo', '--json'])
    const story = await storyOf(child)
    assert.equal(story.dataDir, directory)
    child.kill('SIGKILL')
    await untilGone(join(directory, 'control.sock'))
  })

  it('refuses a directory with something in it, and leaves that alone', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'letterlock-taken-'))
    context.after(() => rm(directory, { recursive: true, force: true }))
    await writeFile(join(directory, 'precious'), 'x')
    const child = start(context, ['--data', directory, 'demo', '--once'])
    assert.deepEqual(await once(child, 'exit'), [73, null])
    assert.equal(existsSync(join(directory, 'precious')), true)
  })
})
