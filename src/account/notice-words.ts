// A notice to an owner in a language: its words from the catalogue, and its lines.
import { day, filled, moment, wordsIn, type Language, type Values } from '../base/language.ts'
import { noticeTexts, type NoticeKey, type NoticeName } from './notice-texts.ts'

export interface Notice {
  readonly language: Language
  readonly subject: string
  /** Paragraphs, parted by empty lines; lines that begin with blanks stay as they are. Never a secret. */
  readonly text: string
  /** Put in place of `{secret}` at the end of a line, as bytes: strings cannot be wiped. Only where the site wants it sent. */
  readonly secret?: Buffer
}

/** The words of one language. */
export class NoticeWords {
  readonly language: Language

  constructor(language: Language) {
    this.language = language
  }

  of(key: NoticeKey, values: Values = {}): string {
    return filled(this.language, wordsIn(this.language, noticeTexts[key]), values)
  }

  moment(ms: number): string {
    return moment(this.language, ms)
  }

  day(ms: number): string {
    return day(this.language, ms)
  }

  /** A notice that is one subject and one text. */
  notice(name: NoticeName, values: Values = {}): Notice {
    return {
      language: this.language,
      subject: this.of(`${name}.subject`, values),
      text: this.of(`${name}.text`, values),
    }
  }
}

/** Says something in whichever language it is asked for. */
export type Say = (words: NoticeWords) => Notice

const columns = 76

/** A paragraph in lines of 76 characters; a longer word stands alone. */
function fill(paragraph: string): string[] {
  const lines: string[] = []
  for (const word of paragraph.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && Array.from(`${last} ${word}`).length <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** The lines of a text. */
export function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line) => (line === '' || line.startsWith(' ') ? [line] : fill(line)))
}
