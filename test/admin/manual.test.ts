// The manual page: readers of such pages find nothing wrong with it, and everything is in it as it is typed.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { manualPage } from '../../src/admin/manual.ts'
import { allCommands } from '../../src/server/cli.ts'
import { skipWithout } from '../support/programs.ts'

const page = manualPage(allCommands, '9.9.9', '2026-11-28')

describe('the manual page', () => {
  it('is ASCII, and no line of it is a request by accident', () => {
    assert.match(page, /^[\x20-\x7e\n]+$/)
    const macros = new Set(['.TH', '.SH', '.SS', '.PP', '.TP', '.B', '.I'])
    for (const line of page.split('\n')) {
      if (/^[.']/.test(line)) assert.ok(macros.has(line.split(' ')[0] ?? ''), line)
    }
  })

  it('has every command, with its options', () => {
    for (const { name } of allCommands) assert.ok(page.includes(`.SS "${name.replaceAll('-', '\\-')}"`), name)
    assert.ok(page.includes('.B "\\-\\-data DIR"'))
  })

  it('pleases mandoc', { skip: skipWithout('mandoc') }, () => {
    const { stdout, status } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], {
      input: page,
      encoding: 'utf8',
    })
    assert.deepEqual([status, stdout], [0, ''])
    const shown = execFileSync('mandoc', ['-T', 'utf8', '-O', 'width=200'], { input: page, encoding: 'utf8' })
    const plain = shown.replace(/.\u0008/g, '')
    assert.match(plain, /letterlock message flag alice@example\.org '1:\*' --add '\\Seen'/)
    assert.match(plain, /opens with its owner’s password/)
  })

  it('pleases man', { skip: skipWithout('man', 'groff') }, () => {
    const shown = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-'], {
      input: page,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8', MANPAGER: 'cat', MANWIDTH: '200' },
    })
    assert.deepEqual([shown.status, shown.stderr], [0, ''])
    assert.match(shown.stdout.replace(/.\u0008|\u001b\[[\d;]*m/g, ''), /'1:\*' --add '\\Seen'/)
  })
})
