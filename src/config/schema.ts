// Every setting there is: its key, form, default and one line of explanation. The single source for Config.
import { join } from 'node:path'
import { z } from 'zod'
import { absolutePath, address, count, domain, duration, size, socketMode } from './forms.ts'
import type { Frozen } from './freeze.ts'
import { atrest, recovery, web } from './schema-owners.ts'
import { isNear } from './units.ts'

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
  scram: z
    .boolean()
    .prefault(false)
    .describe(
      'Logins by SCRAM-SHA-256, which do not show the password. Whoever has store and site key guesses it more cheaply then: THREATS.md.',
    ),
  scram_iterations: z
    .int()
    .min(10_000)
    .max(10_000_000)
    .prefault(65_536)
    .describe(
      'PBKDF2 iterations of one guess then, and of each such login, in the mail program. Programs with Cyrus SASL refuse more than 65536.',
    ),
  account_failures: count
    .prefault(5)
    .describe('Wrong passwords for one account before its logins have to wait.'),
  address_failures: count
    .prefault(20)
    .describe('Wrong passwords from one network (/24, or /64 of IPv6) before it has to wait.'),
  block: duration.prefault('1m').describe('The first such wait; it doubles with every further one.'),
  block_max: duration.prefault('1h').describe('The longest.'),
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

/** The settings as written in the file; keys as there. */
export const settings = z.strictObject({
  hostname: domain
    .prefault('localhost')
    .describe('Name of this server: in greetings, traces and certificates.'),
  language: z
    .enum(['en', 'de'])
    .prefault('en')
    .describe(
      'Language of notices to owners who chose none on their page, and of the page for browsers that ask for none it has.',
    ),
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

/**
 * The settings in force: complete, frozen, names in camelCase (`config.auth.maxParallelKdf`). Sizes are bytes, durations
 * milliseconds, `socketMode` a number, addresses `ListenAddress`; `quota.default` undefined means none.
 */
export type Config = Frozen<z.output<typeof completeSettings>>
