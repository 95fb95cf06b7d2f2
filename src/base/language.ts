// The languages that people are spoken to in: choosing words, filling in values, and writing moments as each does.

export type Language = 'en' | 'de'
export const languages: readonly Language[] = ['en', 'de']

/** The same said in each; {names} are filled in. */
export type Entry = readonly [english: string, german: string]

export type Values = Readonly<Record<string, string | number>>

export function isLanguage(text: string | undefined): text is Language {
  return text === 'en' || text === 'de'
}

export const wordsIn = (language: Language, [english, german]: Entry): string =>
  language === 'de' ? german : english

/** Numbers are written as the language does; names without a value stay. */
export function filled(language: Language, text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return typeof value === 'number' ? value.toLocaleString(language) : value
  })
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
