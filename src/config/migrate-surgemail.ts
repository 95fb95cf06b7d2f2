// Reads SurgeMail's surgemail.ini and writes our settings: what has a counterpart is set, everything else stands there as a comment.
import { stringify } from 'smol-toml'
import { withSurgemailNames } from './surgemail.ts'
import { parseSize } from './units.ts'

/** One line of the file, and what became of it. */
export interface MigratedLine {
  /** From 1. */
  readonly line: number
  /** The setting's name; empty where the line is none. */
  readonly name: string
  /** Whose setting it is; undefined: the whole server's. */
  readonly domain: string | undefined
  /** taken: set here; command: a command does it; default: it is so here anyway; without: nothing here does it. */
  readonly outcome: 'taken' | 'command' | 'default' | 'without'
  /** In words. */
  readonly text: string
  /** As written; undefined where it may be a secret. */
  readonly value: string | undefined
}

export interface Migration {
  readonly toml: string
  readonly lines: readonly MigratedLine[]
  /** Command lines that do what settings cannot, in order. */
  readonly commands: readonly string[]
}

interface Line {
  readonly line: number
  readonly name: string
  /** Unquoted, with what it names: `name="x"` is [name, x]; a bare value has the name ''. */
  readonly parts: readonly (readonly [name: string, value: string])[]
  readonly raw: string
  readonly domain: string | undefined
}

const quotes = /[\u201c\u201d\u2033]/g
/** Names of settings whose values are not repeated. */
const isSecret = (name: string): boolean => /pass|secret|pwd|key|token|auth_?code|licen/i.test(name)
const isTrue = (value: string): boolean => /^(true|yes|1|on)$/i.test(value)

function partsOf(text: string): [string, string][] {
  return [...text.matchAll(/(?:([\w-]+)\s*=\s*)?(?:"([^"]*)"|([^\s"]+))/g)].map(
    ([, name = '', quoted, bare]) => [name, quoted ?? bare ?? ''],
  )
}

function linesOf(ini: string): Line[] {
  let domain: string | undefined
  return ini.split(/\r\n|\n|\r/).flatMap((text, index) => {
    const raw = text.replace(quotes, '"').trim()
    if (raw === '' || /^[#;]/.test(raw)) return []
    const [, name = '', rest = ''] = /^([A-Za-z]\w*)\s*=?\s*(.*)$/.exec(raw) ?? []
    const parts = partsOf(rest)
    if (/^(vdomain|domain)$/i.test(name))
      domain = parts.find(([key]) => key === 'name')?.[1]?.toLowerCase() ?? domain
    return [
      {
        line: index + 1,
        name: name.toLowerCase(),
        parts,
        raw,
        domain: /^g_/i.test(name) ? undefined : domain,
      },
    ]
  })
}

/** What a family of settings is about, by the beginning of its names. */
const families: readonly (readonly [RegExp, string])[] = [
  [/^g_atrest/, 'at-rest encryption: the settings under [atrest] are all there are'],
  [/^g_(pop|pstat)/, 'there is no POP; programs use IMAP'],
  [
    /^g_(spam|virus|avast|aspam|rbl|spf|dkim|dmarc|orbs|black|white|friends|tarpit|grey|sniffer|clam)/,
    'filtering is the work of the mail server in front',
  ],
  [
    /^g_(relay|gateway|send|smtp|mx|route|dns|queue|retry|redirect|bounce|outgoing|srs|forward)/,
    'sending and routing are the work of the mail server in front',
  ],
  [/^g_(list|member)/, 'mailing lists are the work of the mail server in front'],
  [
    /^g_(surgeweb|webmail|web|blog|calendar|surgeplus|centipaid)/,
    'there is no web mail; the owners’ page is [listen] web',
  ],
  [/^g_(ssl|tls)/, 'TLS: [tls] cert, key and min; there is no login without it'],
  [
    /^g_(authent|auth|user_|pass)/,
    'accounts and passwords are kept here: `letterlock user add`; no other database is asked',
  ],
  [
    /^g_(mirror|cluster|replic)/,
    'one process on one machine; `letterlock backup --incremental` makes copies',
  ],
  [/^g_(archive|legal|store_copy)/, 'copies of mail before it is sealed are never made here'],
  [/^g_log/, 'logs go to standard output: [log] level and format'],
  [/^g_(home|path|spool|mail|work|drop|mdir)/, 'mail is kept in data_dir; `letterlock import` takes it in'],
  [/^alias/, 'aliases: `letterlock alias add ALIAS TARGET...` for each'],
  [
    /^(redirect|forward|mail_forward)/,
    '`letterlock alias add` within this site; to others, the mail server in front',
  ],
  [/^(url_host|web|surgeweb)/, 'the page’s name: [web] base_url; the server’s: hostname'],
  [/^(address|authent|create_|user_|manager)/, 'accounts are made by `letterlock user add`'],
]

type Settle = (line: Line, value: string) => Pick<MigratedLine, 'outcome' | 'text'>

class Migrator {
  readonly values: Record<string, unknown> = {}
  readonly atrest: Record<string, string> = {}
  readonly domains: string[] = []
  readonly quotas = new Map<string, number>()
  readonly commands: string[] = []

  #port =
    (setting: string): Settle =>
    ({ name }, value) => {
      const ports = value.split(/[\s,]+/).filter((port) => /^\d{1,5}$/.test(port) && Number(port) <= 65_535)
      if (ports.length === 0) return { outcome: 'without', text: `${name}: no port could be read` }
      this.values[setting] = ports.map((port) => `[::]:${port}`)
      return { outcome: 'taken', text: setting }
    }

  #atRest: Settle = ({ name }, value) => {
    this.atrest[name] = value
    return { outcome: 'taken', text: name === 'g_atrest_crazy' ? 'atrest.admin_recovery' : 'atrest.policy' }
  }

  #domain: Settle = ({ domain }) => {
    if (domain === undefined || !/^[\p{L}\p{N}]([\p{L}\p{N}.-]{0,251}[\p{L}\p{N}])?$/u.test(domain))
      return { outcome: 'without', text: 'no name of a domain could be read' }
    if (!this.domains.includes(domain)) this.domains.push(domain)
    return { outcome: 'taken', text: 'domains.local' }
  }

  #quota: Settle = ({ domain, name }, value) => {
    const bytes = parseSize(/^\d+$/.test(value) ? value : value.toUpperCase().replace(/B$/, ''))
    if (bytes === undefined) return { outcome: 'without', text: `${name}: no size could be read` }
    this.quotas.set(domain ?? '', bytes)
    return { outcome: 'taken', text: 'quota.default, where all domains agree' }
  }

  #fallback: Settle = ({ domain }, value) => {
    if (domain === undefined) return { outcome: 'without', text: 'no domain stands before it' }
    if (value === '/dev/null')
      return { outcome: 'without', text: 'mail for nobody is refused, never dropped' }
    const target = value.includes('@') ? value : `${value}@${domain}`
    if (!/^[^@\s'"]+@[^@\s'"]+$/.test(target)) return { outcome: 'without', text: 'no address could be read' }
    this.commands.push(`letterlock alias add @${domain} ${target}`)
    return { outcome: 'command', text: `letterlock alias add @${domain} ${target}` }
  }

  readonly #known: Readonly<Record<string, Settle>> = {
    g_atrest_enable: this.#atRest,
    g_atrest_all: this.#atRest,
    g_atrest_crazy: this.#atRest,
    g_atrest_api: () => ({ outcome: 'default', text: 'commands and the page need no switch' }),
    g_imap_port: this.#port('listen.imap'),
    g_imap_port_secure: this.#port('listen.imaps'),
    g_imap_secure_port: this.#port('listen.imaps'),
    g_imap_ssl_port: this.#port('listen.imaps'),
    g_imap_port_ssl: this.#port('listen.imaps'),
    vdomain: this.#domain,
    domain: this.#domain,
    quota_default: this.#quota,
    g_quota_default: this.#quota,
    fallback: this.#fallback,
    g_ssl_require_login: (_, value) =>
      isTrue(value)
        ? { outcome: 'default', text: 'no password is ever taken without TLS' }
        : { outcome: 'without', text: 'no password is ever taken without TLS' },
  }

  settle(line: Line): MigratedLine {
    const value = line.parts.find(([name]) => name === '')?.[1] ?? ''
    const known = Object.hasOwn(this.#known, line.name) ? this.#known[line.name] : undefined
    const family = families.find(([beginning]) => beginning.test(line.name))?.[1]
    const settled = known?.(line, value) ?? {
      outcome: 'without' as const,
      text: line.name === '' ? 'not a line of settings' : (family ?? 'nothing here corresponds to it'),
    }
    const mayShow = line.name !== '' && !isSecret(line.name) && !isSecret(line.raw.replace(/"[^"]*"/g, ''))
    const shown = mayShow ? line.raw.slice(line.name.length).trim() : undefined
    return { line: line.line, name: line.name, domain: line.domain, ...settled, value: shown }
  }

  /** Our settings by section, as TOML. */
  sections(): Record<string, unknown> {
    const table = withSurgemailNames({ ...this.atrest })
    const sizes = new Set(this.quotas.values())
    const [size] = sizes
    const listen = Object.fromEntries(
      Object.entries(this.values).map(([name, value]) => [name.slice('listen.'.length), value]),
    )
    return {
      ...(Object.keys(listen).length > 0 ? { listen } : {}),
      ...table,
      ...(this.domains.length > 0 ? { domains: { local: this.domains } } : {}),
      ...(sizes.size === 1 && size !== undefined ? { quota: { default: size } } : {}),
    }
  }
}

/** `#` and no line end, whatever the text holds. */
const comment = (text: string): string => `# ${text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}`

function describeLine({ line, name, domain, outcome, text, value }: MigratedLine): string {
  const whose = domain === undefined || name === 'vdomain' ? '' : ` (${domain})`
  const what = name === '' ? '?' : `${name}${whose} ${value ?? '(value not repeated: it may be a secret)'}`
  const then = {
    taken: `set above: ${text}`,
    command: `by command: ${text}`,
    default: `so anyway: ${text}`,
    without: text,
  }
  return comment(`${line}: ${what}  -- ${then[outcome]}`)
}

/** Nothing of the file is left out: each of its lines that is not empty or a comment is set or stands in a comment. */
export function migrateSurgemail(ini: string): Migration {
  const migrator = new Migrator()
  const lines = linesOf(ini).map((line) => migrator.settle(line))
  const quotas = [...migrator.quotas]
  const isSplit = new Set(migrator.quotas.values()).size > 1
  const asksFirst = Object.keys(migrator.atrest).length === 0
  const left = lines.filter(({ outcome }) => outcome !== 'taken')
  const toml = [
    comment('Letterlock, from a surgemail.ini. `letterlock config describe` has every setting there is.'),
    ...(asksFirst
      ? [
          comment(
            'At-rest encryption is not in the file, and so off there; here owners may turn it on unless [atrest] policy = "off".',
          ),
        ]
      : []),
    '',
    stringify(migrator.sections()).trimEnd(),
    '',
    ...(isSplit
      ? [
          comment(
            'Default quotas differ by domain, and there is one for all here: quota.default, and --quota of `letterlock user add`.',
          ),
          ...quotas.map(([domain, bytes]) => comment(`  ${domain || 'the server'}: ${bytes} bytes`)),
        ]
      : []),
    comment('What the file had, line by line:'),
    ...lines.map(describeLine),
    ...(left.length > 0 ? [] : [comment('Everything in it is set above.')]),
    '',
  ].join('\n')
  return { toml, lines, commands: migrator.commands }
}
