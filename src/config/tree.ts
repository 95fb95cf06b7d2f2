// Walks the schema: every setting with its name, default, explanation and form. Serves loading and describing.
import { z } from 'zod'
import { settings } from './schema.ts'

/** What a setting holds, as far as text from the environment or a flag must be read for it. */
export type SettingForm = 'list' | 'boolean' | 'number' | 'text'

export interface Setting {
  /** `section.key`, or `key` at the top. */
  readonly name: string
  readonly section: string
  readonly key: string
  readonly form: SettingForm
  /** As one would write it; undefined when there is none. */
  readonly fallback: unknown
  readonly description: string
  /** For settings without default. */
  readonly example: string | undefined
}

function inner(type: z.core.$ZodType): z.core.$ZodType {
  if (type instanceof z.ZodPrefault || type instanceof z.ZodOptional) return inner(type.def.innerType)
  if (type instanceof z.ZodPipe) return inner(type.def.in)
  return type
}

function formOf(type: z.core.$ZodType): SettingForm {
  const core = inner(type)
  if (core instanceof z.ZodArray) return 'list'
  if (core instanceof z.ZodBoolean) return 'boolean'
  if (core instanceof z.ZodNumber) return 'number'
  return 'text'
}

function walk(shape: Readonly<Record<string, z.core.$ZodType>>, section: string): Setting[] {
  return Object.entries(shape).flatMap(([key, type]) => {
    const core = inner(type)
    const name = section === '' ? key : `${section}.${key}`
    if (core instanceof z.ZodObject) return walk(core.shape, name)
    const meta = z.globalRegistry.get(type)
    return [
      {
        name,
        section,
        key,
        form: formOf(type),
        fallback: type instanceof z.ZodPrefault ? type.def.defaultValue : undefined,
        description: meta?.description ?? '',
        example: typeof meta?.['example'] === 'string' ? meta['example'] : undefined,
      },
    ]
  })
}

/** Every setting, those at the top first, then section by section in the order of the schema. */
export const allSettings: readonly Setting[] = [
  ...walk(settings.shape, '').filter(({ section }) => section === ''),
  ...walk(settings.shape, '').filter(({ section }) => section !== ''),
]

export const settingByName: ReadonlyMap<string, Setting> = new Map(
  allSettings.map((setting) => [setting.name, setting]),
)
