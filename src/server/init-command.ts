// init: makes a site that can be started at once.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { localCommand, type LocalCommand } from '../admin/command.ts'
import { loadSettings } from '../admin/settings.ts'
import { settingByName } from '../config/tree.ts'
import { initSite } from './init.ts'

const input = z.strictObject({})
const result = z.object({
  made: z.array(z.string()).describe('what was made, in words; empty: everything was there'),
  dataDir: z.string().describe('where mail will be'),
  configFile: z.string().describe('where the settings are'),
})

const systemFile = '/etc/letterlock/letterlock.toml'

/** What `--set` gave, as it is written in the file. The settings were loaded, so every name and value is right. */
function givenValues(given: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    given.map((one): [string, unknown] => {
      const at = one.indexOf('=')
      const [name, text] = [one.slice(0, at).trim(), one.slice(at + 1)]
      const form = settingByName.get(name)?.form
      if (form === 'list') return [name, text.split(',').flatMap((item) => item.trim() || [])]
      if (form === 'boolean') return [name, text === 'true']
      return [name, form === 'number' ? Number(text) : text]
    }),
  )
}

/** Makes data directory, site key, store, certificate and settings file; what exists stays as it is. */
export const init: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'init',
  summary: 'make data directory, keys, certificate and settings file',
  notes:
    'What exists stays as it is, so it may be run again. Run it as the user that the server will run as. Settings given ' +
    'with --set are written to the file.',
  examples: [
    { line: 'letterlock init', does: 'in /var/lib/letterlock and /etc/letterlock' },
    { line: 'letterlock --data ~/mail --set hostname=mail.example.org init', does: 'somewhere else' },
  ],
  input,
  result,

  async run(desk) {
    const config = loadSettings(desk.source, desk.env, { mayBeMissing: true })
    const configFile =
      desk.configFile ??
      (desk.source.dataDir === undefined ? systemFile : join(config.dataDir, 'letterlock.toml'))
    const values = { ...givenValues(desk.source.set ?? []), data_dir: config.dataDir }
    const made = await initSite(config, {
      ...(existsSync(configFile) ? {} : { configFile, values }),
    })
    return { result: { made: [...made], dataDir: config.dataDir, configFile } }
  },

  show({ made, dataDir }, view) {
    if (made.length === 0) view.talk(`Everything is there already, in ${dataDir}.`)
    for (const line of made) view.talk(`Made ${line}`)
    view.talk('')
    view.talk('What next:')
    view.talk('  letterlock user add ADDR    an account')
    view.talk('  letterlock doctor           whether everything is right')
    view.talk('  letterlock serve            the server')
  },
})
