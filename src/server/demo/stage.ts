// Shows the demo's steps: a tick line each, with what was proven below it.
import type { View } from '../../admin/view.ts'
import { wrapLines } from '../../admin/words.ts'

export interface StepResult {
  readonly id: string
  readonly title: string
  readonly ok: boolean
  /** What was proven, or what went wrong. */
  readonly details: readonly string[]
  readonly ms: number
}

/** A step did not show what it should. */
export class NotShown extends Error {
  override readonly name = 'NotShown'
}

/** Runs steps one after another; after one that fails the others are not begun. */
export class Stage {
  readonly steps: StepResult[] = []
  readonly #view: View
  readonly #isJson: boolean

  constructor(view: View, isJson: boolean) {
    this.#view = view
    this.#isJson = isJson
  }

  #say(line: string): void {
    // As JSON the object is the data, and the story is talk.
    if (this.#isJson) this.#view.talk(line)
    else this.#view.out(line)
  }

  get #paint() {
    return this.#isJson ? this.#view.talkPaint : this.#view.outPaint
  }

  headline(text: string, below: string): void {
    this.#say('')
    this.#say(`  ${this.#paint.bold(text)}`)
    this.#say(`  ${below}`)
    this.#say('')
  }

  lines(lines: readonly string[]): void {
    for (const line of lines) this.#say(line)
  }

  get paint(): View['outPaint'] {
    return this.#paint
  }

  /** `run` returns what it proved, a line each. Throws what `run` throws, once that is shown. */
  async step(id: string, title: string, run: () => Promise<readonly string[]>): Promise<void> {
    const start = performance.now()
    this.#view.status(`  ${this.#view.talkPaint.dim('·')} ${title} ...`)
    const done = (ok: boolean, details: readonly string[]) => {
      this.#view.status('')
      const mark = ok ? this.#paint.green('✓') : this.#paint.red('✗')
      this.#say(`  ${mark} ${ok ? title : this.#paint.bold(title)}`)
      for (const detail of details) {
        for (const line of wrapLines(detail, 74)) this.#say(`      ${this.#paint.dim(line)}`)
      }
      this.steps.push({ id, title, ok, details, ms: Math.round(performance.now() - start) })
    }
    try {
      done(true, await run())
    } catch (error) {
      done(false, [error instanceof Error ? error.message : 'failed'])
      throw error
    }
  }

  get isProven(): boolean {
    return this.steps.every(({ ok }) => ok)
  }
}
