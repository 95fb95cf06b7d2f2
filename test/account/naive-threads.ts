// SORT and THREAD once more, straight from the text of RFC 5256: slow, recursive, and with nothing of the server's own.

/** A message as a test makes it. */
export interface Mail {
  readonly number: number
  readonly subject: string
  /** Minutes since some moment; undefined: no Date field. */
  readonly sent: number | undefined
  readonly arrived: number
  readonly sizeBytes: number
  readonly from: string
  readonly id: string | undefined
  readonly references: readonly string[]
  readonly inReplyTo: string | undefined
}

/** RFC 5256 §2.1, one small step at a time, until nothing changes. */
export function naiveSubject(subject: string): { base: string; isReply: boolean } {
  let text = subject.replace(/\s+/g, ' ')
  let isReply = false
  const cut = (pattern: RegExp, counts: boolean): boolean => {
    if (!pattern.test(text)) return false
    text = text.replace(pattern, '')
    isReply ||= counts
    return true
  }
  for (;;) {
    while (cut(/ $/, false) || cut(/\(fwd\)$/i, true));
    for (;;) {
      if (cut(/^ /, false)) continue
      if (cut(/^(\[[^[\]]*\] *)*(re|fwd?) *(\[[^[\]]*\] *)?:/i, true)) continue
      if (/^\[[^[\]]*\] *./.test(text) && cut(/^\[[^[\]]*\] */, false)) continue
      break
    }
    if (!/^\[fwd:.*\]$/i.test(text)) return { base: text.toUpperCase(), isReply }
    text = text.slice(5, -1)
    isReply = true
  }
}

const sentDate = (mail: Mail): number => mail.sent ?? mail.arrived

export function naiveSort(
  mails: readonly Mail[],
  keys: readonly { readonly field: string; readonly isReversed: boolean }[],
): number[] {
  const value = (mail: Mail, field: string): number | string =>
    field === 'ARRIVAL'
      ? mail.arrived
      : field === 'DATE'
        ? sentDate(mail)
        : field === 'SIZE'
          ? mail.sizeBytes
          : field === 'SUBJECT'
            ? naiveSubject(mail.subject).base
            : field === 'FROM'
              ? mail.from.toUpperCase()
              : ''
  return [...mails]
    .sort((a, b) => {
      for (const { field, isReversed } of keys) {
        const [x, y] = [value(a, field), value(b, field)]
        if (x !== y) return x < y === isReversed ? 1 : -1
      }
      return a.number - b.number
    })
    .map(({ number }) => number)
}

interface Node {
  mail: Mail | undefined
  parent: Node | undefined
  children: Node[]
}

const makeNode = (mail?: Mail): Node => ({ mail, parent: undefined, children: [] })

function compare(a: Mail | undefined, b: Mail | undefined): number {
  return a && b ? sentDate(a) - sentDate(b) || a.number - b.number : 0
}

function show(node: Node): string {
  const head = node.mail ? String(node.mail.number) : ''
  if (node.children.length === 0) return head
  const [only] = node.children
  if (node.children.length === 1 && only) return `${head} ${show(only)}`
  return `${head}${head && ' '}${node.children.map((child) => `(${show(child)})`).join('')}`
}

const showAll = (nodes: readonly Node[]): string => nodes.map((node) => `(${show(node)})`).join('')

export function naiveOrderedSubject(mails: readonly Mail[]): string {
  const groups = new Map<string, Mail[]>()
  for (const mail of mails) {
    const { base } = naiveSubject(mail.subject)
    groups.set(base, [...(groups.get(base) ?? []), mail])
  }
  const threads = [...groups.values()].map((group) => {
    const [first, ...rest] = group.sort(compare)
    return { ...makeNode(first), children: rest.map((mail) => makeNode(mail)) }
  })
  return showAll(threads.sort((a, b) => compare(a.mail, b.mail)))
}

/** As Dovecot does it: no subjects, and whole threads by the date of their latest message. */
export function naiveRefs(mails: readonly Mail[]): string {
  const root = prune(link(mails))
  const sortBelow = (node: Node): void => {
    node.children.forEach(sortBelow)
    node.children.sort((a, b) => compare(a.mail, b.mail))
  }
  root.forEach(sortBelow)
  const latest = (node: Node): number =>
    Math.max(node.mail ? sentDate(node.mail) : -Infinity, ...node.children.map(latest))
  const first = (node: Node): Mail | undefined => node.mail ?? node.children[0]?.mail
  return showAll(root.sort((a, b) => latest(a) - latest(b) || compare(first(a), first(b))))
}

export function naiveReferences(mails: readonly Mail[]): string {
  const root = prune(link(mails))
  const firstOf = (node: Node): Mail | undefined => node.mail ?? node.children[0]?.mail
  const order = (nodes: Node[]): Node[] => nodes.sort((a, b) => compare(firstOf(a), firstOf(b)))
  // Step 4
  for (const node of root) if (!node.mail) order(node.children)
  order(root)
  const merged = mergeSubjects(root, firstOf)
  // Step 6
  const sortBelow = (node: Node): void => {
    node.children.forEach(sortBelow)
    order(node.children)
  }
  merged.forEach(sortBelow)
  return showAll(order(merged))
}

/** Steps 1 and 2. */
function link(mails: readonly Mail[]): Node[] {
  const nodes = new Map<string, Node>()
  const loose: Node[] = []
  const isAbove = (upper: Node, node: Node | undefined): boolean =>
    node !== undefined && (upper === node || isAbove(upper, node.parent))
  const unhook = (child: Node): void => {
    if (child.parent) child.parent.children = child.parent.children.filter((other) => other !== child)
    child.parent = undefined
  }
  const hook = (parent: Node, child: Node): void => {
    if (isAbove(child, parent)) return
    child.parent = parent
    parent.children.push(child)
  }
  for (const mail of mails) {
    let own = mail.id === undefined ? undefined : nodes.get(mail.id)
    if (!own || own.mail) {
      const isTaken = own !== undefined
      own = makeNode()
      if (mail.id !== undefined && !isTaken) nodes.set(mail.id, own)
      else loose.push(own)
    }
    own.mail = mail
    const ids = mail.references.length > 0 ? mail.references : mail.inReplyTo ? [mail.inReplyTo] : []
    let last: Node | undefined
    for (const id of ids) {
      const node = nodes.get(id) ?? makeNode()
      nodes.set(id, node)
      if (last && !node.parent) hook(last, node)
      last = node
    }
    unhook(own)
    if (last) hook(last, own)
  }
  return [...nodes.values(), ...loose].filter((node) => !node.parent)
}

/** Step 3, from the leaves up. */
function prune(root: readonly Node[]): Node[] {
  const below = (node: Node): Node[] => {
    node.children = node.children.flatMap(below)
    return node.mail ? [node] : node.children
  }
  return root.flatMap((node) => {
    const left = below(node)
    return node.mail || left.length < 2 ? left : [node]
  })
}

/** Step 5. */
function mergeSubjects(root: readonly Node[], firstOf: (node: Node) => Mail | undefined): Node[] {
  const subjectOf = (node: Node): string => naiveSubject(firstOf(node)?.subject ?? '').base
  const isReply = (node: Node): boolean => node.mail !== undefined && naiveSubject(node.mail.subject).isReply
  const table = new Map<string, Node>()
  for (const node of root) {
    const subject = subjectOf(node)
    if (subject === '') continue
    const known = table.get(subject)
    if (!known) table.set(subject, node)
    else if (known.mail && (!node.mail || (isReply(known) && !isReply(node)))) table.set(subject, node)
  }
  let left = [...root]
  const drop = (node: Node): void => {
    left = left.filter((other) => other !== node)
  }
  for (const node of root) {
    const subject = subjectOf(node)
    const known = subject === '' ? undefined : table.get(subject)
    if (!known || known === node) continue
    drop(node)
    if (!known.mail && !node.mail) known.children.push(...node.children)
    else if (!known.mail) known.children.push(node)
    else if (isReply(node) && !isReply(known)) known.children.push(node)
    else {
      const dummy = { ...makeNode(), children: [known, node] }
      left[left.indexOf(known)] = dummy
      table.set(subject, dummy)
    }
  }
  return left
}
