// SurgeMail's names: what is typed for its `tellmail`, as command lines of ours. Secrets among the words are taken out of them.
import { usageFailure } from './failure.ts'

/** A command line of ours; `secrets` are the lines of its standard input, in order, empty when nothing was given. */
export interface Translated {
  readonly words: readonly string[]
  readonly secrets: readonly string[]
  /** Nothing has to be done, for this reason. */
  readonly nothing?: string
}

interface Entry {
  /** As SurgeMail's manual has it; brackets for what may be left out, and is then asked for. */
  readonly usage: string
  /** At least so many words, and at most. */
  readonly count: readonly [number, number]
  translate(words: readonly string[]): Translated
}

const plain = (...words: readonly string[]): Translated => ({ words, secrets: [] })
const isExact = 'usage is counted exactly with every change: there is nothing to count anew'

/** Words with a flag for each secret that is there. */
function withSecrets(
  words: readonly string[],
  given: readonly (readonly [flag: string, secret: string | undefined])[],
): Translated {
  const there = given.flatMap(([flag, secret]) => (secret === undefined ? [] : [[flag, secret] as const]))
  return {
    // Whoever reads secrets from a pipe cannot be asked: SurgeMail did not ask either.
    words: [...words, ...there.flatMap(([flag]) => [flag, '-'])],
    secrets: there.map(([, secret]) => secret),
  }
}

/** The alias of a user as SurgeMail is told it: one of the two may leave its domain out. */
function aliasOf(user: string, alias: string): readonly [alias: string, user: string] {
  const domainOf = (address: string): string =>
    address.slice(address.includes('@') ? address.lastIndexOf('@') : address.length)
  return [
    alias.includes('@') ? alias : alias + domainOf(user),
    user.includes('@') ? user : user + domainOf(alias),
  ]
}

const entries: Readonly<Record<string, Entry>> = {
  atrest_admin: {
    usage: 'atrest_admin [PASSWORD]',
    count: [0, 1],
    translate: ([secret]) => withSecrets(['atrest', 'admin', 'set'], [['--new-admin-password-file', secret]]),
  },
  atrest_admin_decrypt: {
    usage: 'atrest_admin_decrypt USER [PASSWORD]',
    count: [1, 2],
    translate([user = '', secret]) {
      const words = ['atrest', 'admin', 'decrypt', user, ...(secret === undefined ? [] : ['--yes'])]
      return withSecrets(words, [['--admin-password-file', secret]])
    },
  },
  atrest_set_user_pass: {
    usage: 'atrest_set_user_pass USER [NEWPASSWORD PASSWORD]',
    count: [1, 3],
    translate([user = '', fresh, secret]) {
      if (fresh !== undefined && secret === undefined)
        throw usageFailure('atrest_set_user_pass: give both passwords, or none and be asked for them')
      return withSecrets(
        ['atrest', 'admin', 'reset-password', user],
        [
          ['--admin-password-file', secret],
          ['--password-file', fresh],
        ],
      )
    },
  },
  add_user: {
    usage: 'add_user USER [PASSWORD]',
    count: [1, 2],
    translate: ([user = '', secret]) => withSecrets(['user', 'add', user], [['--password-file', secret]]),
  },
  delete_user: {
    usage: 'delete_user USER',
    count: [1, 1],
    translate: ([user = '']) => plain('user', 'delete', user),
  },
  add_user_alias: {
    usage: 'add_user_alias USER ALIAS',
    count: [2, 2],
    translate: ([user = '', alias = '']) => plain('alias', 'add', ...aliasOf(user, alias)),
  },
  delete_user_alias: {
    usage: 'delete_user_alias USER ALIAS',
    count: [2, 2],
    translate: ([user = '', alias = '']) => plain('alias', 'remove', ...aliasOf(user, alias)),
  },
  add_domain: {
    usage: 'add_domain DOMAIN',
    count: [1, 1],
    translate: ([domain = '']) => plain('domain', 'add', domain),
  },
  delete_domain: {
    usage: 'delete_domain DOMAIN',
    count: [1, 1],
    translate: ([domain = '']) => plain('domain', 'remove', domain),
  },
  find_user: {
    usage: 'find_user DOMAIN [user NAME]',
    count: [1, 3],
    translate([domain = '', field = 'user', value = '*']) {
      // Accounts have no other fields here.
      if (!/^(user|username|name|email)$/i.test(field))
        throw usageFailure(
          'find_user: accounts are found by their names only',
          'tellmail find_user DOMAIN user NAME',
        )
      return plain('user', 'list', value.includes('@') ? value : `${value}@${domain}`)
    },
  },
  change_pass: {
    usage: 'change_pass USER [PASSWORD]',
    count: [1, 2],
    translate: ([user = '', secret]) => withSecrets(['user', 'passwd', user], [['--password-file', secret]]),
  },
  quota: {
    usage: 'quota [USER]',
    count: [0, 1],
    translate: (users) => plain('quota', 'get', ...users),
  },
  quota_domain: {
    usage: 'quota_domain DOMAIN',
    count: [1, 1],
    translate: ([domain = '']) => plain('quota', 'get', `*@${domain}`),
  },
  quota_set: {
    usage: 'quota_set USER SIZE',
    count: [2, 2],
    translate: ([user = '', size = '']) => plain('quota', 'set', user, size),
  },
  quota_rebuild: {
    usage: 'quota_rebuild',
    count: [0, 1],
    translate: () => ({ ...plain(), nothing: isExact }),
  },
  quota_resetall: {
    usage: 'quota_resetall',
    count: [0, 0],
    translate: () => ({ ...plain(), nothing: isExact }),
  },
  quota_rebuild_domain: {
    usage: 'quota_rebuild_domain [DOMAIN]',
    count: [0, 1],
    translate: () => ({ ...plain(), nothing: isExact }),
  },
  clear_cache: {
    usage: 'clear_cache [USER]',
    count: [0, 1],
    translate: () => ({ ...plain(), nothing: 'nothing is kept that could be older than what is stored' }),
  },
  imap_import: {
    usage: 'imap_import LOCALUSER HOST USER [PASSWORD] [keep] [create|nocreate]',
    count: [3, 6],
    translate([local = '', host = '', user = '', ...rest]) {
      const modes = new Set(['keep', 'create', 'nocreate', 'delete'])
      const [first, ...others] = rest
      const secret = first !== undefined && (others.length >= 2 || !modes.has(first)) ? first : undefined
      const given = secret === undefined ? rest : others
      if (given.includes('delete'))
        throw usageFailure('imap_import: mail at the other server is never deleted', 'leave out `delete`')
      const odd = given.find((mode) => !modes.has(mode))
      if (odd !== undefined)
        throw usageFailure('imap_import: only `keep` and `create` or `nocreate` may stand at the end')
      const words = ['import', 'imap', local, '--site-key', '--from', `imaps://${host}`, '--user', user]
      return withSecrets(words, [['--source-password-file', secret]])
    },
  },
  logout: {
    usage: 'logout USER',
    count: [1, 1],
    translate: ([user = '']) => plain('kick', user),
  },
  status: { usage: 'status', count: [0, 0], translate: () => plain('status') },
  reload: { usage: 'reload', count: [0, 0], translate: () => plain('reload') },
  path: {
    usage: 'path USER',
    count: [1, 1],
    translate: ([user = '']) => plain('user', 'show', user),
  },
}

const ofTheMta = 'sending, filtering and lists are the work of the mail server in front'

/** SurgeMail's other commands, and why they are not here. */
const absent: Readonly<Record<string, string>> = {
  expire_user: 'mail is never deleted by its age; `letterlock message delete` deletes what is named',
  set_authfield:
    'accounts have no fields of an authentication database; `letterlock user --help` has what they have',
  user_send_max: ofTheMta,
  add_member: ofTheMta,
  add_rules: ofTheMta,
  list_rcpt: ofTheMta,
  quota_set_domain: 'usage is counted, it cannot be set; `letterlock quota set ADDR SIZE` limits an account',
  pstat_delete: 'a second `letterlock import imap` adds only what is not there yet',
  resync_folder: '`letterlock fsck ADDR --repair --dry-run` says what is wrong with an account',
  purge_deleted_users: '`letterlock user delete` removes an account and every byte of it at once',
  activate: 'there is no licence to activate',
  deactivate: 'there is no licence to deactivate',
}

/** All commands, for people who type none. */
export const tellmailUsage: readonly string[] = Object.values(entries).map(({ usage }) => `tellmail ${usage}`)

const withValue = new Set(['--config', '--data', '--set'])

/** Options of ours, which may stand anywhere, and the other words. */
function split(argv: readonly string[]): { ahead: string[]; behind: string[]; words: string[] } {
  const ahead: string[] = []
  const behind: string[] = []
  const words: string[] = []
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    if (withValue.has(word)) ahead.push(word, argv[(index += 1)] ?? '')
    else if (['--json', '--dry-run', '--yes'].includes(word)) behind.push(word)
    else words.push(word)
  }
  return { ahead, behind, words }
}

/** What a `tellmail` command line is here. Throws Failure 'usage', which repeats no word that may be a secret. */
export function translateTellmail(argv: readonly string[]): Translated {
  const { ahead, behind, words } = split(argv)
  const [name = '', ...rest] = words
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined
  const why = Object.hasOwn(absent, name) ? absent[name] : undefined
  if (why !== undefined) throw usageFailure(`${name}: not here: ${why}`)
  if (!entry) throw usageFailure('no such tellmail command', tellmailUsage.join('\n'))
  const [least, most] = entry.count
  if (rest.length < least || rest.length > most)
    throw usageFailure(`${name}: wrong number of words`, `tellmail ${entry.usage}`)
  const translated = entry.translate(rest)
  const isAsked = behind.filter((option) => !translated.words.includes(option))
  return { ...translated, words: [...ahead, ...translated.words, ...isAsked] }
}
