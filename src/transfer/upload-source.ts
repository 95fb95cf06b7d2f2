// An upload as a source: each archive is looked at for itself, and is a Maildir, mbox files, single messages, or both of these.
import type { BytePath, FileTree } from './files.ts'
import { emlSource, looksLikeMessage } from './eml-source.ts'
import { isMaildir, openMaildir } from './maildir-source.ts'
import { isNoMailbox, looksLikeMbox, openMbox } from './mbox-source.ts'
import type { Source, Trouble } from './source.ts'
import { tableFile } from './table.ts'

const deepest = 32

/** Where what was packed begins: archives often hold a single folder with everything in it. */
async function beginning(tree: FileTree, folder: BytePath): Promise<BytePath> {
  const [only, ...others] = await tree.names(folder)
  if (only === undefined || others.length > 0 || only.startsWith('.') || (await isMaildir(tree, folder)))
    return folder
  const inner = `${folder}/${only}`
  return (await tree.facts(inner))?.kind === 'directory' ? beginning(tree, inner) : folder
}

async function hasMaildir(tree: FileTree, folder: BytePath, depth = 0): Promise<boolean> {
  if (await isMaildir(tree, folder)) return true
  if (depth >= deepest) return false
  for (const name of await tree.names(folder)) {
    const inner = `${folder}/${name}`
    const isFolder = (await tree.facts(inner))?.kind === 'directory'
    if (isFolder && (await hasMaildir(tree, inner, depth + 1))) return true
  }
  return false
}

interface Sorted {
  readonly mboxes: Set<BytePath>
  readonly messages: BytePath[]
  readonly troubles: Trouble[]
}

async function sortFiles(tree: FileTree, folder: BytePath, sorted: Sorted, depth = 0): Promise<Sorted> {
  for (const name of await tree.names(folder)) {
    const path = `${folder}/${name}`
    const facts = await tree.facts(path)
    if (facts?.kind === 'directory') {
      if (depth < deepest) await sortFiles(tree, path, sorted, depth + 1)
    } else if (facts && !name.startsWith('.') && name !== tableFile && !isNoMailbox(name)) {
      if (facts.sizeBytes === 0 || (await looksLikeMbox(tree, path))) sorted.mboxes.add(path)
      else if (await looksLikeMessage(tree, path)) sorted.messages.push(path)
      else {
        const label = Buffer.from(name, 'latin1').toString('utf8')
        sorted.troubles.push({ mailbox: undefined, label, reason: 'is no mail, and was left alone' })
      }
    }
  }
  return sorted
}

/** The same tree without files that are not among these. */
function onlyThese(tree: FileTree, paths: ReadonlySet<BytePath>): FileTree {
  return {
    facts: (path) => tree.facts(path),
    open: (path) => tree.open(path),
    async names(folder) {
      const names: BytePath[] = []
      for (const name of await tree.names(folder)) {
        const path = `${folder}/${name}`
        const isFile = (await tree.facts(path))?.kind === 'file'
        if (!isFile || paths.has(path) || name === tableFile) names.push(name)
      }
      return names
    },
  }
}

/** A folder of a tree as a tree. */
function below(tree: FileTree, root: BytePath): FileTree {
  return {
    facts: (path) => tree.facts(`${root}/${path}`),
    names: (path) => tree.names(`${root}/${path}`),
    open: (path) => tree.open(`${root}/${path}`),
  }
}

async function sourcesOf(whole: FileTree, folder: BytePath): Promise<Source[]> {
  const tree = below(whole, await beginning(whole, folder))
  if (await hasMaildir(tree, '')) return [await openMaildir('', tree)]
  const { mboxes, messages, troubles } = await sortFiles(tree, '', {
    mboxes: new Set(),
    messages: [],
    troubles: [],
  })
  return [
    ...(mboxes.size > 0 ? [await openMbox('', onlyThese(tree, mboxes))] : []),
    ...(messages.length > 0 || troubles.length > 0 ? [emlSource(tree, messages, troubles)] : []),
  ]
}

/** Everything that was uploaded, as one source; without mailboxes when there is no mail in it. */
export async function uploadSource(tree: FileTree, troubles: readonly Trouble[]): Promise<Source> {
  const sources: Source[] = []
  for (const name of await tree.names('')) sources.push(...(await sourcesOf(tree, `/${name}`)))
  const named = sources.flatMap(({ subscriptions }) => subscriptions ?? [])
  return {
    kind: 'upload',
    mailboxes: sources.flatMap(({ mailboxes }) => mailboxes),
    // One that does not say means everything in it.
    subscriptions: sources.some(({ subscriptions }) => subscriptions)
      ? [
          ...named,
          ...sources.flatMap(({ subscriptions, mailboxes }) =>
            subscriptions ? [] : mailboxes.map(({ name }) => name),
          ),
        ]
      : undefined,
    troubles: [...troubles, ...sources.flatMap((source) => source.troubles)],
    notes: sources.flatMap(({ notes }) => notes),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
