// Answers to criteria on text from a page of search text: its filter first, then each section for all its messages at a time.
import { breathe } from '../base/async.ts'
import { MalformedRecord, utf8 } from '../base/bytes.ts'
import { pieceEnd } from '../mail/text.ts'
import { relates, type Ask, type TextCriterion } from './criterion-test.ts'
import { emailIdOf, threadIdOf } from './object-ids.ts'
import { sections, type Section, type TextPage } from './text-codec.ts'
import { decodeTextFacts, sectionOfField, type TextFacts } from './text-entry.ts'

const unknown = 0
const yes = 1
const no = 2

/** Searches of a section between two breaths: each goes over up to some hundred KB. */
const searchesBetweenBreaths = 16
const lineFeed = pieceEnd.charCodeAt(0)

/** A criterion as it is put to pages. */
export interface PageQuery {
  readonly criterion: TextCriterion
  readonly sections: readonly Section[]
  /** What is looked for, in UTF-8. */
  readonly needle: Buffer
  /** How the lines of the field begin, with the line feed before them. */
  readonly line: Buffer | undefined
}

export function pageQuery(criterion: TextCriterion): PageQuery {
  const needle = utf8('text' in criterion ? criterion.text : '')
  const none = { criterion, needle, line: undefined }
  switch (criterion.kind) {
    case 'emailId':
    case 'threadId':
    case 'sentDate':
      return { ...none, sections: ['facts'] }
    case 'header': {
      const { linePrefix } = criterion
      if (linePrefix === undefined) return { ...none, sections: [] }
      return { ...none, line: utf8(pieceEnd + linePrefix), sections: [sectionOfField(linePrefix)] }
    }
    case 'body':
      return { ...none, sections: ['body'] }
    case 'text':
      return { ...none, sections: ['front', 'rest', 'body'] }
  }
}

/** One page while a search looks at it. */
export class PageAnswers {
  readonly #page: TextPage
  readonly #verdicts: ReadonlyMap<TextCriterion, Uint8Array>
  /** Those that more of the page may answer. */
  readonly #open: PageQuery[] = []
  /** Sections before this index were read, or nobody wants them. */
  #next = 0

  constructor(page: TextPage, queries: readonly PageQuery[]) {
    this.#page = page
    this.#verdicts = new Map(
      queries.map(({ criterion, sections: where }) => [
        criterion,
        new Uint8Array(page.uids.length).fill(where.length === 0 ? no : unknown),
      ]),
    )
    for (const query of queries) {
      if (page.mayHold(query.needle)) this.#open.push(query)
      else this.#conclude(query)
    }
  }

  /** What can be said of the message at `index` from the sections read so far; at first by the filter alone. */
  ask(index: number): Ask {
    return (criterion) => {
      const verdict = this.#verdicts.get(criterion)?.[index] ?? unknown
      return verdict === unknown ? undefined : verdict === yes
    }
  }

  /** Reads on: resolves to whether there was something to be read. Throws MalformedRecord. */
  async read(): Promise<boolean> {
    const wanted = this.#wanted()
    const [first] = wanted
    const last = wanted.at(-1)
    if (first === undefined || last === undefined) return false
    this.#next = sections.indexOf(last) + 1
    const bytes = await this.#page.inflate(first, last)
    let count = 0
    for (const [index, section] of wanted.entries()) {
      for (const query of this.#open) {
        if (!query.sections.includes(section)) continue
        this.#answer(query, section, bytes[index] ?? Buffer.alloc(0))
        count += 1
        if (count % searchesBetweenBreaths === 0) await breathe()
      }
    }
    return true
  }

  /** The next section that is wanted, and neighbours behind it that all who want it want too: one that does not may spare them. */
  #wanted(): Section[] {
    const wanting = (section: Section): PageQuery[] =>
      this.#open.filter((query) => query.sections.includes(section))
    const ahead = sections.slice(this.#next)
    const first = ahead.findIndex((section) => wanting(section).length > 0)
    if (first < 0) return []
    const wanted = ahead.slice(first)
    const end = wanted.findIndex((section, index) =>
      wanting(wanted[Math.max(0, index - 1)] ?? section).some((query) => !query.sections.includes(section)),
    )
    return end < 0 ? wanted : wanted.slice(0, end)
  }

  #answer(query: PageQuery, section: Section, bytes: Buffer): void {
    const verdicts = this.#verdicts.get(query.criterion)
    if (!verdicts) return
    if (section === 'facts') this.#askFacts(query.criterion, bytes, verdicts)
    else if (query.line) this.#findField(query.needle, query.line, section, bytes, verdicts)
    else this.#find(query.needle, section, bytes, verdicts)
    if (query.sections.at(-1) === section) this.#conclude(query)
  }

  /** What was found nowhere is not there, unless something was cut off. */
  #conclude({ criterion, sections: where }: PageQuery): void {
    const verdicts = this.#verdicts.get(criterion) ?? new Uint8Array()
    for (let index = 0; index < verdicts.length; index += 1) {
      if (verdicts[index] !== unknown) continue
      if (!where.some((section) => this.#page.isCut(section, index))) verdicts[index] = no
    }
  }

  #find(needle: Buffer, section: Section, bytes: Buffer, verdicts: Uint8Array): void {
    if (needle.length === 0) {
      for (let index = 0; index < verdicts.length; index += 1)
        if (!this.#page.isCut(section, index)) verdicts[index] = yes
      return
    }
    for (let at = bytes.indexOf(needle), index = 0; at >= 0; at = bytes.indexOf(needle, at)) {
      while (this.#page.end(section, index) <= at) index += 1
      verdicts[index] = yes
      at = this.#page.end(section, index)
    }
  }

  /** Lines of the field in the messages' own headers; what stands in those of their parts does not count. */
  #findField(needle: Buffer, line: Buffer, section: Section, bytes: Buffer, verdicts: Uint8Array): void {
    const page = this.#page
    for (let at = bytes.indexOf(line), index = 0; at >= 0; at = bytes.indexOf(line, at)) {
      while (page.end(section, index) <= at) index += 1
      const ownEnd = section === 'rest' ? page.ownEnd(index) : page.end(section, index)
      if (at >= ownEnd || verdicts[index] === yes) {
        at = page.end(section, index)
        continue
      }
      const from = at + line.length
      const next = bytes.indexOf(lineFeed, from)
      const end = Math.min(next < 0 ? bytes.length : next, ownEnd)
      if (end >= from && bytes.subarray(from, end).includes(needle)) verdicts[index] = yes
      at = Math.max(end, at + 1)
    }
  }

  #askFacts(criterion: TextCriterion, bytes: Buffer, verdicts: Uint8Array): void {
    const page = this.#page
    for (let index = 0; index < verdicts.length; index += 1) {
      if (page.isCut('facts', index)) continue
      const facts = decodeTextFacts(bytes.subarray(page.start('facts', index), page.end('facts', index)))
      verdicts[index] = holds(criterion, facts) ? yes : no
    }
  }
}

function holds(criterion: TextCriterion, facts: TextFacts): boolean {
  switch (criterion.kind) {
    case 'emailId':
      return criterion.id === emailIdOf(facts.emailId)
    case 'threadId':
      return criterion.id === threadIdOf(facts.message)
    case 'sentDate':
      return facts.sentDay !== undefined && relates(facts.sentDay, criterion.relation, criterion.day)
    default:
      throw new MalformedRecord('text page asked for text in its facts')
  }
}
