// A naive account: mailboxes as maps, and what each command does to them, without any storage.
export interface ModelMessage {
  readonly subject: string
  flags: string
}
export type ModelMailbox = Map<number, ModelMessage>

const parentsOf = (name: string): string[] => {
  const levels = name.split('/')
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join('/'))
}
const isBelow = (name: string, parent: string): boolean => name.startsWith(parent + '/')

export class Model {
  readonly mailboxes = new Map<string, ModelMailbox>()

  constructor(names: readonly string[]) {
    for (const name of names) this.mailboxes.set(name, new Map())
  }

  names(): string[] {
    return [...this.mailboxes.keys()]
  }

  /** The mailbox that a random number stands for. */
  pick(number: number): string {
    const names = this.names()
    return names[number % names.length] ?? 'INBOX'
  }

  box(name: string): ModelMailbox {
    const box = this.mailboxes.get(name)
    if (!box) throw new Error(`the model has no ${name}`)
    return box
  }

  /** Each of the following answers whether the command is granted. */
  create(name: string): boolean {
    if (this.mailboxes.has(name)) return false
    for (const each of [...parentsOf(name), name])
      if (!this.mailboxes.has(each)) this.mailboxes.set(each, new Map())
    return true
  }

  delete(name: string): boolean {
    if (name === 'INBOX' || !this.mailboxes.has(name)) return false
    if (this.names().some((other) => isBelow(other, name))) return false
    return this.mailboxes.delete(name)
  }

  rename(from: string, to: string): boolean {
    if (!this.mailboxes.has(from) || this.mailboxes.has(to)) return false
    // The messages of INBOX move, with new UIDs: whoever asked fills them in.
    if (from === 'INBOX') return this.create(to)
    if (isBelow(to, from)) return false
    const moved = this.names().filter((name) => name === from || isBelow(name, from))
    if (moved.some((name) => this.mailboxes.has(to + name.slice(from.length)))) return false
    for (const parent of parentsOf(to)) if (!this.mailboxes.has(parent)) this.mailboxes.set(parent, new Map())
    for (const name of moved) {
      this.mailboxes.set(to + name.slice(from.length), this.box(name))
      this.mailboxes.delete(name)
    }
    return true
  }

  copy(): Model {
    const copy = new Model([])
    for (const [name, box] of this.mailboxes) {
      copy.mailboxes.set(name, new Map([...box].map(([uid, message]) => [uid, { ...message }])))
    }
    return copy
  }
}
