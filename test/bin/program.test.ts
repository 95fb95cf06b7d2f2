// The programs as they are built and run: executable, with an exit code that tells when output was lost.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = (name: string): string => fileURLToPath(import.meta.resolve(`../../bin/${name}.js`))

describe('the programs', () => {
  for (const name of ['letterlock', 'tellmail']) {
    it(`${name} can be run by its name alone`, () => {
      const { error, stderr, stdout } = spawnSync(program(name), ['--help'], { encoding: 'utf8' })
      assert.equal(error, undefined)
      assert.match(`${stdout}${stderr}`, /letterlock|tellmail add_user/)
    })
  }

  it('say 74 when standard output is full', { skip: !existsSync('/dev/full') }, () => {
    const full = openSync('/dev/full', 'w')
    try {
      const { status, stderr } = spawnSync(process.execPath, [program('letterlock'), 'version'], {
        encoding: 'utf8',
        stdio: ['ignore', full, 'pipe'],
      })
      assert.equal(status, 74)
      assert.match(stderr, /not all of the output could be written \(ENOSPC\)/)
    } finally {
      closeSync(full)
    }
  })

  it('say 0 when a reader has had enough', async () => {
    const child = spawn(process.execPath, [program('letterlock'), 'config', 'describe'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0)
  })

  it('read the settings in the data directory that the environment names', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'letterlock-'))
    context.after(() => rm(directory, { recursive: true }))
    await writeFile(join(directory, 'letterlock.toml'), 'hostname = "found.example.org"\n')
    const { stdout } = spawnSync(process.execPath, [program('letterlock'), 'config', 'show', '--json'], {
      encoding: 'utf8',
      env: { ...process.env, LETTERLOCK_CONFIG: '', LETTERLOCK_DATA_DIR: directory },
    })
    assert.match(stdout, existsSync('/etc/letterlock/letterlock.toml') ? /./ : /found\.example\.org/)
  })
})
