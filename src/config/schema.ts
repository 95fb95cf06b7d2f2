// Every setting there is: its key, form, default and one line of explanation. The single source for Config.
import { join } from 'node:path'
import { z } from 'zod'
import { isNear, parseAddress, parseDuration, parseNetwork, parseSize } from './units.ts'

const size = z.union([z.number(), z.string()]).transform((given, context) => {
  const bytes = typeof given === 'string' ? parseSize(given) : given
  if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0) return bytes
  context.addIssue({ code: 'custom', message: 'must be a size such as "50M" or "2G"' })
  return z.NEVER
})

const duration = z.string().transform((given, context) => {
  const ms = parseDuration(given)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'must be a duration such as "30s", "10m" or "1h"' })
  return z.NEVER
})

const address = z.string().transform((given, context) => {
  const parsed = parseAddress(given)
  if (parsed) return parsed
  context.addIssue({
    code: 'custom',
    message: 'must be an address such as "127.0.0.1:24", "[::]:993" or "unix:/run/letterlock/lmtp.sock"',
  })
  return z.NEVER
})

const absolutePath = z.string().regex(/^\//, 'must be an absolute path')
const domain = z
  .string()
  .regex(/^[\p{L}\p{N}]([\p{L}\p{N}.-]{0,251}[\p{L}\p{N}])?$/u, 'must be a domain name')
  .toLowerCase()
const count = z.int().min(1).max(1_000_000)
const socketMode = z
  .string()
  .regex(/^0[0-7]{3}$/, 'must be four octal digits such as "0660"')
  .transform((given) => parseInt(given, 8))

const listen = z.strictObject({
  imap: z
    .array(address)
    .prefault(['[::]:143'])
    .describe('IMAP that turns to TLS by STARTTLS; no login before that.'),
  imaps: z.array(address).prefault(['[::]:993']).describe('IMAP over TLS from the first byte.'),
  lmtp: z
    .array(address)
    .prefault(['127.0.0.1:24'])
    .describe('LMTP, for the mail server in front. It asks no password: never on a public address.'),
  smtp: z
    .array(address)
    .prefault([])
    .describe(
      'Plain SMTP, receiving for the domains of this site only ([domains] local, `letterlock domain add`); it never relays.',
    ),
  web: z
    .array(address)
    .prefault([])
    .describe('The owners’ page, over HTTPS (see [web] tls), as "[::]:8443"; none: no page.'),
  sasl: z
    .array(address)
    .prefault([])
    .describe(
      'Dovecot’s authentication protocol, for Postfix (smtpd_sasl_path): a Unix socket that only it can reach.',
    ),
  socket_mode: socketMode.prefault('0660').describe('Permissions of the Unix sockets named above.'),
})

const tls = z.strictObject({
  cert: absolutePath
    .optional()
    .describe('Certificate chain, PEM. Not set: tls/cert.pem in data_dir, made by `letterlock init`.')
    .meta({ example: '/etc/letterlock/fullchain.pem' }),
  key: absolutePath
    .optional()
    .describe('Its private key, PEM. Set both or neither.')
    .meta({ example: '/etc/letterlock/privkey.pem' }),
  min: z.enum(['1.2', '1.3']).prefault('1.2').describe('Oldest TLS version spoken.'),
  reload: duration
    .prefault('1m')
    .describe('How often the two files are looked at for a change; "0" leaves it to SIGHUP.'),
})

const auth = z.strictObject({
  max_parallel_kdf: z
    .int()
    .min(1)
    .max(64)
    .prefault(2)
    .describe('Passwords tried at the same time; each takes [atrest.kdf] memory.'),
  kdf_queue: z
    .int()
    .min(0)
    .max(10_000)
    .prefault(32)
    .describe('Logins that may wait for that; more are told to try again.'),
  allow_plain_login_on_loopback: z
    .boolean()
    .prefault(false)
    .describe('Lets clients on this machine log in without TLS.'),
  account_failures: count
    .prefault(5)
    .describe('Wrong passwords for one account before its logins have to wait.'),
  address_failures: count
    .prefault(20)
    .describe('Wrong passwords from one network (/24, or /64 of IPv6) before it has to wait.'),
  block: duration.prefault('1m').describe('The first such wait; it doubles with every further one.'),
  block_max: duration.prefault('1h').describe('The longest.'),
})

const policy = z.enum(['off', 'offered', 'new', 'all'])

/** `DOMAIN POLICY`, and `admin-recovery` or `no-admin-recovery` behind it if it is to differ from the site's. */
const domainRule = z.string().transform((given, context) => {
  const [name, rule, recovery, ...more] = given.trim().split(/\s+/)
  const parsed = { name: domain.safeParse(name), policy: policy.safeParse(rule) }
  const isRecoveryKnown = recovery === undefined || /^(no-)?admin-recovery$/.test(recovery)
  if (parsed.name.success && parsed.policy.success && isRecoveryKnown && more.length === 0) {
    return {
      name: parsed.name.data,
      policy: parsed.policy.data,
      admin_recovery: recovery === undefined ? undefined : recovery === 'admin-recovery',
    }
  }
  context.addIssue({
    code: 'custom',
    message:
      'must be a domain and a policy such as "example.org all" or "example.net offered no-admin-recovery"',
  })
  return z.NEVER
})

const atrest = z.strictObject({
  lock_after: z
    .union([z.literal('never').transform(() => undefined), duration])
    .prefault('never')
    .describe(
      'An account whose sessions did nothing but wait for so long is locked, and they end; or "never".',
    ),
  linger: duration
    .prefault('0')
    .describe('Keys stay in memory so long after the last session, for clients that come back at once.'),
  policy: policy
    .prefault('offered')
    .describe(
      'Who is encrypted at rest: off nobody, offered who wants it, new also new accounts at their first login, all everybody at the next login.',
    ),
  admin_recovery: z
    .boolean()
    .prefault(true)
    .describe('Whether accounts may get a slot for the admin recovery key, if the site has one.'),
  domains: z
    .array(domainRule)
    .prefault([])
    .describe(
      'What holds for one domain instead, as "example.org all" or "example.net offered no-admin-recovery".',
    ),
  kdf: z
    .strictObject({
      memory: size
        .prefault('64M')
        .refine((bytes) => bytes >= 19 * 2 ** 20 && bytes <= 2 ** 30, 'must be from 19M to 1G')
        .describe('Argon2id memory for one password.'),
      time: z.int().min(1).max(16).prefault(3).describe('Argon2id passes.'),
      parallelism: z.int().min(1).max(16).prefault(4).describe('Argon2id lanes.'),
    })
    .prefault({}),
})

const delivery = z.strictObject({
  recipient_delimiter: z
    .string()
    .regex(/^[^\s@"<>,.]?$/, 'must be one character, or empty for none')
    .prefault('+')
    .describe('user+anything@domain is user@domain; "" turns that off.'),
  memory: size
    .prefault('256M')
    .refine((bytes) => bytes >= 2 ** 20, 'must be at least 1M')
    .describe('Messages being received at one moment, all together; more are told to come again.'),
  over_quota: z
    .enum(['defer', 'bounce'])
    .prefault('defer')
    .describe(
      'Mail for a full mailbox: defer has the sender try again for days, bounce tells its author at once.',
    ),
  recipients: count.prefault(100).describe('Recipients of one message by LMTP.'),
  timeout: duration.prefault('5m').describe('A silent peer is sent away after this.'),
})

const limits = z.strictObject({
  message_size: size
    .prefault('50M')
    .refine((bytes) => bytes >= 64 * 1024 && bytes <= 2 ** 30, 'must be from 64K to 1G')
    .describe('The largest message, by delivery or APPEND.'),
  connections: count.prefault(4000).describe('IMAP connections altogether.'),
  connections_per_address: count.prefault(100).describe('IMAP connections from one network.'),
  web_connections: count.prefault(500).describe('Connections to the page altogether.'),
  delivery_connections: count.prefault(200).describe('LMTP and SMTP connections altogether.'),
  delivery_connects: count
    .prefault(600)
    .describe('New LMTP and SMTP connections a minute from one network; this machine is exempt.'),
})

const network = z
  .string()
  .refine(
    (given) => parseNetwork(given) !== undefined,
    'must be an address or a network such as "10.0.0.0/8"',
  )

const web = z.strictObject({
  base_url: z
    .string()
    .regex(/^https?:\/\/[^\s/?#@]+$/, 'must be a URL without a path, such as "https://mail.example.org"')
    .optional()
    .describe('How browsers name the page; not set: any name that leads here will do.')
    .meta({ example: 'https://mail.example.org' }),
  tls: z
    .boolean()
    .prefault(true)
    .describe('false: plain HTTP, which is only spoken with this machine and with trusted proxies.'),
  trusted_proxies: z
    .array(network)
    .prefault([])
    .describe('Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or networks.'),
  admins: z
    .array(z.string().regex(/^[^@\s]+@[^@\s]+$/, 'must be an address'))
    .prefault([])
    .describe(
      'Accounts that see the site’s state on the page, after their own sign-in. Never anybody’s mail.',
    ),
  metrics: z
    .boolean()
    .prefault(false)
    .describe('/metrics for Prometheus, for requests from this machine by a name of its loopback only.'),
  session_idle: duration.prefault('15m').describe('Signed out after so long without a click.'),
  session_max: duration.prefault('12h').describe('Signed out after so long in any case.'),
  import_size: size.prefault('2G').describe('The largest mail file that can be uploaded.'),
  submission_host: domain
    .optional()
    .describe('Where mail programs send mail, for the set-up page. Not set: hostname.')
    .meta({ example: 'mail.example.org' }),
  submission_port: z
    .int()
    .min(0)
    .max(65_535)
    .prefault(465)
    .describe('Its port: 465 is TLS from the first byte, others STARTTLS; 0: sending is not mentioned.'),
})

const recovery = z.strictObject({
  mail: z
    .enum(['notice', 'code', 'off'])
    .prefault('notice')
    .describe(
      'Mail about a new recovery code: that there is one, the code itself to the alternate address, or none.',
    ),
  into_mailbox: z
    .boolean()
    .prefault(false)
    .describe(
      'With mail = "code": the code into the account’s own mailbox as well, where only the password opens it.',
    ),
  delay: duration
    .prefault('0')
    .describe(
      'Waiting time between the right recovery code and the new password; its owner is told and can cancel.',
    ),
  smtp: z
    .strictObject({
      host: domain
        .optional()
        .describe('Relay for mail to alternate addresses. Not set: nothing leaves this server.')
        .meta({ example: 'smtp.example.org' }),
      port: z.int().min(1).max(65_535).prefault(465).describe('Its port.'),
      tls: z
        .enum(['implicit', 'starttls', 'none'])
        .prefault('implicit')
        .describe('TLS from the first byte, by STARTTLS, or none; certificates are always verified.'),
      user: z.string().optional().describe('Login at the relay.').meta({ example: 'letterlock' }),
      password_file: absolutePath
        .optional()
        .describe('Its password, the first line of this file.')
        .meta({ example: '/etc/letterlock/relay.password' }),
      from: z
        .string()
        .regex(/^[^@\s]+@[^@\s]+$/, 'must be an address')
        .optional()
        .describe('Sender in the envelope. Not set: postmaster at hostname.')
        .meta({ example: 'postmaster@example.org' }),
    })
    .prefault({}),
})

/** The settings as written in the file; keys as there. */
export const settings = z.strictObject({
  hostname: domain
    .prefault('localhost')
    .describe('Name of this server: in greetings, traces and certificates.'),
  data_dir: absolutePath
    .prefault('/var/lib/letterlock')
    .describe('Where mail is kept. Only the server’s own user may read it.'),
  site_key_file: absolutePath
    .optional()
    .describe('Key that opens accounts without at-rest encryption. Not set: site.key in data_dir.')
    .meta({ example: '/etc/letterlock/site.key' }),
  control_socket: absolutePath
    .optional()
    .describe('Where admin commands reach the running server. Not set: control.sock in data_dir.')
    .meta({ example: '/run/letterlock/control.sock' }),
  listen: listen.prefault({}),
  tls: tls.prefault({}),
  auth: auth.prefault({}),
  atrest: atrest.prefault({}),
  domains: z
    .strictObject({
      local: z
        .array(domain)
        .prefault([])
        .describe(
          'Domains whose mail SMTP accepts, besides those of `letterlock domain add`. LMTP looks at accounts only.',
        ),
    })
    .prefault({}),
  delivery: delivery.prefault({}),
  quota: z
    .strictObject({
      default: z
        .union([z.literal('none').transform(() => undefined), size])
        .prefault('none')
        .describe('For new accounts: a size, or "none".'),
    })
    .prefault({}),
  limits: limits.prefault({}),
  web: web.prefault({}),
  integrity: z
    .strictObject({
      witness_dir: absolutePath
        .optional()
        .describe(
          'Where is remembered how far each account was, so that an older copy of it is noticed. Never in the backup that the store is in. Not set: witness in data_dir.',
        )
        .meta({ example: '/var/lib/letterlock-witness' }),
      witness_interval: duration
        .prefault('10s')
        .describe('Changes are remembered there at most so much later.'),
    })
    .prefault({}),
  recovery: recovery.prefault({}),
  storage: z
    .strictObject({
      encryption: z
        .strictObject({
          enable: z
            .boolean()
            .prefault(true)
            .describe(
              'Mail is sealed to the OpenPGP key or S/MIME certificate of its owner, where there is one.',
            ),
          append: z
            .boolean()
            .prefault(false)
            .describe('What clients APPEND as well, where an owner does not say otherwise.'),
          smime_cipher: z
            .enum(['auto', 'cbc', 'gcm'])
            .prefault('auto')
            .describe(
              'cbc every program reads; gcm is authenticated, and many cannot; auto: as certificates say.',
            ),
        })
        .prefault({}),
    })
    .prefault({}),
  store: z
    .strictObject({
      backend: z
        .enum(['level', 'memory'])
        .prefault('level')
        .describe('memory forgets everything at the end: for trials.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .prefault('info')
        .describe('Least level that is written.'),
      format: z
        .enum(['auto', 'json', 'text'])
        .prefault('auto')
        .describe('auto: text on a terminal, JSON elsewhere.'),
    })
    .prefault({}),
})

/** The same with checks across settings, and with paths that follow from `data_dir` filled in. */
export const completeSettings = settings
  .refine((given) => (given.tls.cert === undefined) === (given.tls.key === undefined), {
    path: ['tls'],
    message: 'cert and key must be set both or neither',
  })
  .refine((given) => given.atrest.kdf.memory * given.atrest.kdf.time <= 4 * 2 ** 30, {
    path: ['atrest', 'kdf', 'time'],
    message: 'memory times time must not be more than 4G',
  })
  .refine((given) => given.auth.block <= given.auth.block_max, {
    path: ['auth', 'block'],
    message: 'must not be longer than block_max',
  })
  .refine((given) => given.limits.message_size * 4 <= given.delivery.memory, {
    path: ['delivery', 'memory'],
    message: 'must be at least four times limits.message_size',
  })
  .refine(
    (given) => given.web.tls || given.listen.web.every(isNear) || given.web.trusted_proxies.length > 0,
    {
      path: ['web', 'tls'],
      message: 'must be true unless listen.web is on this machine only or trusted_proxies are named',
    },
  )
  .transform((given) => ({
    ...given,
    site_key_file: given.site_key_file ?? join(given.data_dir, 'site.key'),
    control_socket: given.control_socket ?? join(given.data_dir, 'control.sock'),
    integrity: {
      ...given.integrity,
      witness_dir: given.integrity.witness_dir ?? join(given.data_dir, 'witness'),
    },
    tls: {
      ...given.tls,
      cert: given.tls.cert ?? join(given.data_dir, 'tls', 'cert.pem'),
      key: given.tls.key ?? join(given.data_dir, 'tls', 'key.pem'),
    },
  }))

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as Key extends string ? Camel<Key> : never]: Frozen<T[Key]> }
    : T

/**
 * The settings in force: complete, frozen, names in camelCase (`config.auth.maxParallelKdf`). Sizes are bytes, durations
 * milliseconds, `socketMode` a number, addresses `ListenAddress`; `quota.default` undefined means none.
 */
export type Config = Frozen<z.output<typeof completeSettings>>

/** Turns checked settings into Config. */
export function freeze<T>(value: T): Frozen<T> {
  if (Array.isArray(value)) return Object.freeze(value.map((item: unknown) => freeze(item))) as Frozen<T>
  if (typeof value !== 'object' || value === null) return value as Frozen<T>
  const pairs = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    freeze(item),
  ])
  return Object.freeze(Object.fromEntries(pairs)) as Frozen<T>
}
