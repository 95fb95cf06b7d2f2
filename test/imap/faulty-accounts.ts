// Accounts whose selected mailboxes misbehave on request: what happens when the store or the bytes in it do.
import type { Accounts, MessageContent, OpenAccount, SelectedMailbox, Uid } from '../../src/account/api.ts'

/** What goes wrong. Each is called in place of, or around, the real thing. */
export interface Faults {
  /** Changes what is opened of a message. */
  content?: (content: MessageContent) => MessageContent
  /** Called before any method of OpenAccount; may throw. */
  account?: (method: string) => void
  /** Called before any method of SelectedMailbox; may throw. */
  mailbox?: (method: string, mailbox: SelectedMailbox) => void | Promise<void>
}

export function withFaults(accounts: Accounts, faults: Faults): Accounts {
  return around(accounts, {
    login: async (...args: Parameters<Accounts['login']>) =>
      faultyAccount(await accounts.login(...args), faults),
  })
}

function faultyAccount(account: OpenAccount, faults: Faults): OpenAccount {
  return around(
    account,
    {
      select: async (...args: Parameters<OpenAccount['select']>) => {
        faults.account?.('select')
        return faultyMailbox(await account.select(...args), faults)
      },
    },
    (method) => faults.account?.(method),
  )
}

function faultyMailbox(mailbox: SelectedMailbox, faults: Faults): SelectedMailbox {
  const changed = (content: MessageContent): MessageContent => faults.content?.(content) ?? content
  return around(mailbox, {
    async *contents(uids: readonly Uid[]) {
      await faults.mailbox?.('contents', mailbox)
      for await (const content of mailbox.contents(uids)) yield changed(content)
    },
    async content(uid: Uid) {
      await faults.mailbox?.('content', mailbox)
      const content = await mailbox.content(uid)
      return content && changed(content)
    },
    async storeFlags(...args: Parameters<SelectedMailbox['storeFlags']>) {
      await faults.mailbox?.('storeFlags', mailbox)
      return mailbox.storeFlags(...args)
    },
    async expunge(uids?: readonly Uid[]) {
      await faults.mailbox?.('expunge', mailbox)
      return mailbox.expunge(uids)
    },
  })
}

/** The same object but for `changes`; methods keep their `this`, since events are told apart by it. */
function around<T extends object>(target: T, changes: Partial<T>, before?: (method: string) => void): T {
  return new Proxy(target, {
    get(object, name) {
      const replaced = Reflect.get(changes, name) as unknown
      if (replaced !== undefined) return replaced
      const value = Reflect.get(object, name, object) as unknown
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        before?.(String(name))
        return (value as (...args: unknown[]) => unknown).apply(object, args)
      }
    },
  })
}
