// What a child process that is killed has said of its messages: those it began to write, and those that were acknowledged.

export class KillLedger {
  readonly begun = new Set<number>()
  readonly kept = new Set<number>()
  /** Number of the next message. */
  next: number

  constructor(next: number) {
    this.next = next
  }

  /** Takes in a line of the child's, `WORD NUMBER`; returns both. */
  hear(line: string): [what: string, number: number] {
    const [what = '', digits = ''] = line.split(' ')
    const number = Number(digits)
    if (what === 'begun') {
      this.begun.add(number)
      this.next = Math.max(this.next, number + 1)
    } else if (what === 'kept') this.kept.add(number)
    return [what, number]
  }
}
