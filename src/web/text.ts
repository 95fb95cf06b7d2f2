// The words of the page in two languages: choosing one, filling in values, plural forms, dates and sizes.
import { catalogue, type TextKey } from './texts/catalogue.ts'

export type Language = 'en' | 'de'
export const languages: readonly Language[] = ['en', 'de']
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' }

export type Values = Readonly<Record<string, string | number>>

/** `count` also chooses between the keys `x.one` and `x.other` of a text that has both. */
export type Translate = (key: TextKey, values?: Values) => string

export function isLanguage(text: string | undefined): text is Language {
  return text === 'en' || text === 'de'
}

/** The best of Accept-Language (RFC 9110 §12.5.4); English when it names neither. */
export function preferredLanguage(header: string | undefined): Language {
  const wanted = (header ?? '').split(',', 20).map((item, index) => {
    const [tag = '', ...parameters] = item
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    const weight = parameters.find((one) => one.startsWith('q='))
    return {
      tag: tag.split('-')[0] ?? '',
      weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0,
      index,
    }
  })
  const known = wanted.filter(({ tag, weight }) => isLanguage(tag) && weight > 0)
  known.sort((a, b) => b.weight - a.weight || a.index - b.index)
  const [best] = known
  return isLanguage(best?.tag) ? best.tag : 'en'
}

const column = { en: 0, de: 1 } as const

/** Where the longest German words may be broken, for browsers that do not know (soft hyphens); not in what is saved as a file. */
function breakable(key: TextKey, text: string): string {
  return key === 'sheet.file'
    ? text
    : text.replace(/(?<=Wiederherstellungs|Verschlüsselungs)(?=[a-zäöü])/g, '\u00ad')
}

export function translator(language: Language): Translate {
  return (key, values = {}) => {
    const text = breakable(key, catalogue[key][column[language]])
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name]
      if (value === undefined) return whole
      return typeof value === 'number' ? value.toLocaleString(language) : value
    })
  }
}

/** A moment as people write it, in UTC, which is said. */
export function moment(language: Language, ms: number): string {
  const form = new Intl.DateTimeFormat(language === 'de' ? 'de' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  })
  return `${form.format(ms)} UTC`
}

export function day(language: Language, ms: number): string {
  return new Intl.DateTimeFormat(language === 'de' ? 'de' : 'en-GB', {
    dateStyle: 'long',
    timeZone: 'UTC',
  }).format(ms)
}

export function bytesInWords(language: Language, bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit > 0 && value < 10 ? 1 : 0
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${units[unit] ?? ''}`
}
