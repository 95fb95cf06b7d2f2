// Every command is registered, explained, and true to its own declaration.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { helpBehind } from '../../src/admin/help.ts'
import { commandGroups, familySummaries } from '../../src/admin/registry.ts'
import { secretSources } from '../../src/admin/secrets.ts'
import { allCommands } from '../../src/server/cli.ts'
import { makeBench } from './harness.ts'

describe('the registry', () => {
  it('has every file in commands/', () => {
    const files = readdirSync('src/admin/commands').map((name) => name.replace(/\.ts$/, ''))
    const names = new Set(allCommands.map(({ name }) => name.replaceAll(' ', '-')))
    assert.deepEqual(
      files.filter((file) => !names.has(file)),
      [],
    )
  })

  it('names each command once, and help has a place for it', () => {
    const names = allCommands.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    const words = commandGroups.flatMap((group) => group.words)
    for (const name of names) assert.ok(words.includes(name.split(' ')[0] ?? ''), name)
  })

  it('says of each family what it is about, and of no other', () => {
    const families = new Set(
      allCommands.flatMap(({ name }) => {
        const words = name.split(' ')
        return words.slice(1).map((_, index) => words.slice(0, index + 1).join(' '))
      }),
    )
    assert.deepEqual(Object.keys(familySummaries).sort(), [...families].sort())
  })

  for (const command of allCommands) {
    it(`${command.name} explains itself, with examples that begin with the program and parse`, async (context) => {
      assert.ok(command.examples.length > 0)
      for (const { line } of command.examples) assert.match(line, new RegExp(`letterlock .*${command.name}`))
      const bench = await makeBench(context)
      const { exitCode, out } = await bench.run([...command.name.split(' '), '--help'], {
        commands: allCommands,
      })
      assert.equal(exitCode, 0)
      assert.match(out, /Examples?:/)
      for (const line of out.split('\n')) assert.ok(line.length <= 100, line)
    })

    if (command.where === 'program') continue
    it(`${command.name} documents every key of its JSON`, () => {
      const undocumented: string[] = []
      const walk = (form: unknown, path: string): void => {
        if (form instanceof z.ZodArray) walk(form.def.element, path)
        else if (form instanceof z.ZodNullable || form instanceof z.ZodOptional)
          walk(form.def.innerType, path)
        else if (form instanceof z.ZodObject) {
          for (const [key, value] of Object.entries(form.shape)) {
            if (z.globalRegistry.get(value)?.description === undefined) undocumented.push(`${path}.${key}`)
            walk(value, `${path}.${key}`)
          }
        }
      }
      walk(command.result, command.name)
      assert.deepEqual(undocumented, [])
      assert.match(helpBehind(command), /With --json, one object:/)
    })

    if (command.where !== 'site') continue
    it(`${command.name} takes no secret as a word or an option`, () => {
      const taken = [
        ...(command.arguments ?? []).map(({ key }) => key),
        ...(command.options ?? []).map(({ flags }) => flags),
      ]
      for (const word of taken) assert.doesNotMatch(word, /password|secret|code/i)
      for (const { name } of command.mayNeed ?? []) assert.match(secretSources[name].flag, /-file$/)
    })
  }
})
