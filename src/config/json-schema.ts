// The settings as a JSON Schema, for editors that check and complete TOML files.
import { z } from 'zod'
import { settings } from './schema.ts'

/** Draft 2020-12, of the file as it is written: sizes and durations are texts. */
export function settingsSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' })
  return { ...schema, title: 'Letterlock’s settings', description: 'letterlock.toml' }
}
