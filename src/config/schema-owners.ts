// The settings of what owners see of their accounts: at-rest encryption, the page, and recovery.
import { z } from 'zod'
import { absolutePath, domain, duration, size } from './forms.ts'
import { parseNetwork } from './units.ts'

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

export const atrest = z.strictObject({
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

const network = z
  .string()
  .refine(
    (given) => parseNetwork(given) !== undefined,
    'must be an address or a network such as "10.0.0.0/8"',
  )

export const web = z.strictObject({
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

export const recovery = z.strictObject({
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
