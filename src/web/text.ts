// The words of the page in two languages: choosing one, filling in values, plural forms, dates and sizes.
import { filled, isLanguage, wordsIn, type Language, type Values } from '../base/language.ts'
import { catalogue, type TextKey } from './texts/catalogue.ts'

export { day, isLanguage, languages, moment, type Language } from '../base/language.ts'

export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' }

/** `count` also chooses between the keys `x.one` and `x.other` of a text that has both. */
export type Translate = (key: TextKey, values?: Values) => string

/** The best of Accept-Language (RFC 9110 §12.5.4); `otherwise` when it names none that is there. */
export function preferredLanguage(header: string | undefined, otherwise: Language = 'en'): Language {
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
  return isLanguage(best?.tag) ? best.tag : otherwise
}

/** Where the longest German words may be broken, for browsers that do not know (soft hyphens); not in what is saved as a file. */
function breakable(key: TextKey, text: string): string {
  return key === 'sheet.file'
    ? text
    : text.replace(/(?<=Wiederherstellungs|Verschlüsselungs)(?=[a-zäöü])/g, '\u00ad')
}

export function translator(language: Language): Translate {
  return (key, values = {}) => filled(language, breakable(key, wordsIn(language, catalogue[key])), values)
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
