// Plays every wire script, and checks that every command has one.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { commands } from '../../src/imap/registry.ts'
import { play, readScript, scriptsDirectory } from './script.ts'

const files = readdirSync(scriptsDirectory)
  .filter((file) => file.endsWith('.txt'))
  .sort()
const scripts = files.map(readScript)
const sources = readdirSync(join(process.cwd(), 'src', 'imap', 'commands')).map((file) =>
  file.replace(/\.ts$/, ''),
)

describe('wire scripts', () => {
  for (const script of scripts) it(script.header.get('about') ?? script.name, () => play(script))
})

describe('the list of commands', () => {
  it('has a script for every file in commands/, named after it', () => {
    for (const source of sources) {
      assert.ok(
        files.some((file) => file === `${source}.txt` || file.startsWith(`${source}-`)),
        `no script for ${source}`,
      )
    }
  })

  it('holds as many commands as there are files', () => {
    assert.equal(commands.length, sources.length)
  })

  it('has every command and its UID form sent by a script', () => {
    const sent = new Set<string>()
    for (const { steps } of scripts) {
      for (const { side, text } of steps) {
        const [, uid = '', name = ''] = /^[^ ]+ (UID )?([A-Za-z]+)/i.exec(side === 'C' ? text : '') ?? []
        sent.add(uid.toUpperCase() + name.toUpperCase())
      }
    }
    for (const { name, uid } of commands) {
      if (uid !== 'only') assert.ok(sent.has(name), `${name} is never sent`)
      if (uid) assert.ok(sent.has(`UID ${name}`), `UID ${name} is never sent`)
    }
  })

  it('is told of in the README, with its RFC', () => {
    const readme = readFileSync(join(process.cwd(), 'src', 'imap', 'README.md'), 'utf8')
    for (const source of sources) {
      const text = readFileSync(join(process.cwd(), 'src', 'imap', 'commands', `${source}.ts`), 'utf8')
      const rfcs = new Set((text.split('\n')[0] ?? '').match(/RFC [0-9]+/g))
      assert.ok(rfcs.size > 0, `${source} names no RFC in its first line`)
      for (const rfc of rfcs) {
        const row = readme
          .split('\n')
          .find((line) => line.startsWith(`| ${rfc} `) && line.includes(`${source}.ts`))
        assert.ok(row, `the README has no row for ${rfc} with ${source}.ts`)
      }
    }
  })
})
