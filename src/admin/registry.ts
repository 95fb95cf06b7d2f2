// Every command of the site and of this floor; nothing else knows all of them. The server's floor adds its programs.
import { aliasAdd } from './commands/alias-add.ts'
import { aliasList } from './commands/alias-list.ts'
import { aliasRemove } from './commands/alias-remove.ts'
import { domainAdd } from './commands/domain-add.ts'
import { domainList } from './commands/domain-list.ts'
import { domainRemove } from './commands/domain-remove.ts'
import { atrestPolicyClear } from './commands/atrest-policy-clear.ts'
import { atrestPolicyGet } from './commands/atrest-policy-get.ts'
import { atrestPolicySet } from './commands/atrest-policy-set.ts'
import { userRename } from './commands/user-rename.ts'
import { appPasswordAdd } from './commands/app-password-add.ts'
import { appPasswordList } from './commands/app-password-list.ts'
import { appPasswordRevoke } from './commands/app-password-revoke.ts'
import { atrestCodeRegenerate } from './commands/atrest-code-regenerate.ts'
import { atrestCodeTest } from './commands/atrest-code-test.ts'
import { atrestDisable } from './commands/atrest-disable.ts'
import { atrestAdminDecrypt } from './commands/atrest-admin-decrypt.ts'
import { atrestAdminPasswd } from './commands/atrest-admin-passwd.ts'
import { atrestAdminRemove } from './commands/atrest-admin-remove.ts'
import { atrestAdminResetPassword } from './commands/atrest-admin-reset-password.ts'
import { atrestAdminSet } from './commands/atrest-admin-set.ts'
import { atrestAdminStatus } from './commands/atrest-admin-status.ts'
import { atrestAdminTest } from './commands/atrest-admin-test.ts'
import { atrestCancelRecovery } from './commands/atrest-cancel-recovery.ts'
import { atrestEnable } from './commands/atrest-enable.ts'
import { atrestKdf } from './commands/atrest-kdf.ts'
import { atrestPubkeyAdd } from './commands/atrest-pubkey-add.ts'
import { atrestPubkeyList } from './commands/atrest-pubkey-list.ts'
import { atrestPubkeyRemove } from './commands/atrest-pubkey-remove.ts'
import { atrestPubkeySealExisting } from './commands/atrest-pubkey-seal-existing.ts'
import { atrestPubkeySettings } from './commands/atrest-pubkey-settings.ts'
import { atrestPubkeyTest } from './commands/atrest-pubkey-test.ts'
import { atrestRecover } from './commands/atrest-recover.ts'
import { atrestRollbackAccept } from './commands/atrest-rollback-accept.ts'
import { atrestRollbackStatus } from './commands/atrest-rollback-status.ts'
import { atrestSlotsList } from './commands/atrest-slots-list.ts'
import { atrestSlotsRemove } from './commands/atrest-slots-remove.ts'
import { atrestRotate } from './commands/atrest-rotate.ts'
import { atrestStatus } from './commands/atrest-status.ts'
import { atrestTrail } from './commands/atrest-trail.ts'
import { atrestUnlockMail } from './commands/atrest-unlock-mail.ts'
import { atrestVerify } from './commands/atrest-verify.ts'
import { auditShow } from './commands/audit-show.ts'
import { auditVerify } from './commands/audit-verify.ts'
import { backup } from './commands/backup.ts'
import { certReload } from './commands/cert-reload.ts'
import { clientConfig } from './commands/client-config.ts'
import { configCheck } from './commands/config-check.ts'
import { configDescribe } from './commands/config-describe.ts'
import { configMigrateSurgemail } from './commands/config-migrate-surgemail.ts'
import { configSchema } from './commands/config-schema.ts'
import { configShow } from './commands/config-show.ts'
import { exportMaildir } from './commands/export-maildir.ts'
import { exportMbox } from './commands/export-mbox.ts'
import { exportSealed } from './commands/export-sealed.ts'
import { importImap } from './commands/import-imap.ts'
import { importMaildir } from './commands/import-maildir.ts'
import { importMbox } from './commands/import-mbox.ts'
import { fsck } from './commands/fsck.ts'
import { kick } from './commands/kick.ts'
import { unblock } from './commands/unblock.ts'
import { lock } from './commands/lock.ts'
import { stats } from './commands/stats.ts'
import { logLevel } from './commands/log-level.ts'
import { logTail } from './commands/log-tail.ts'
import { logErrors } from './commands/log-errors.ts'
import { healthcheck } from './commands/healthcheck.ts'
import { mailboxList } from './commands/mailbox-list.ts'
import { mailboxStatus } from './commands/mailbox-status.ts'
import { mailboxCreate } from './commands/mailbox-create.ts'
import { mailboxDelete } from './commands/mailbox-delete.ts'
import { mailboxRename } from './commands/mailbox-rename.ts'
import { mailboxSubscribe } from './commands/mailbox-subscribe.ts'
import { mailboxUnsubscribe } from './commands/mailbox-unsubscribe.ts'
import { messageList } from './commands/message-list.ts'
import { messageShow } from './commands/message-show.ts'
import { messageDelete } from './commands/message-delete.ts'
import { messageFlag } from './commands/message-flag.ts'
import { quotaGet } from './commands/quota-get.ts'
import { quotaRecalc } from './commands/quota-recalc.ts'
import { quotaSet } from './commands/quota-set.ts'
import { reload } from './commands/reload.ts'
import { restore } from './commands/restore.ts'
import { siteKeyLoad } from './commands/site-key-load.ts'
import { siteKeySave } from './commands/site-key-save.ts'
import { status } from './commands/status.ts'
import { stop } from './commands/stop.ts'
import { uidvalidityBump } from './commands/uidvalidity-bump.ts'
import { userAdd } from './commands/user-add.ts'
import { userAlternateAddress } from './commands/user-alternate-address.ts'
import { userLanguage } from './commands/user-language.ts'
import { userCapabilities } from './commands/user-capabilities.ts'
import { userDelete } from './commands/user-delete.ts'
import { userDisable } from './commands/user-disable.ts'
import { userEnable } from './commands/user-enable.ts'
import { userList } from './commands/user-list.ts'
import { userMainPassword } from './commands/user-main-password.ts'
import { userPasswd } from './commands/user-passwd.ts'
import { userShow } from './commands/user-show.ts'
import { verify } from './commands/verify.ts'
import { version } from './commands/version.ts'
import { who } from './commands/who.ts'
import type { LocalCommand, SiteCommand } from './command.ts'

/** Commands that the control socket takes, in the order of help. */
export const siteCommands: readonly SiteCommand[] = [
  userAdd,
  userList,
  userShow,
  userPasswd,
  userMainPassword,
  userRename,
  userDelete,
  userDisable,
  userEnable,
  userCapabilities,
  appPasswordAdd,
  appPasswordList,
  appPasswordRevoke,
  userAlternateAddress,
  userLanguage,
  aliasAdd,
  aliasRemove,
  aliasList,
  domainAdd,
  domainRemove,
  domainList,
  quotaGet,
  quotaSet,
  quotaRecalc,
  atrestEnable,
  atrestDisable,
  atrestStatus,
  atrestPolicyGet,
  atrestPolicySet,
  atrestPolicyClear,
  atrestRotate,
  atrestRecover,
  atrestCodeRegenerate,
  atrestCodeTest,
  atrestKdf,
  atrestVerify,
  atrestSlotsList,
  atrestSlotsRemove,
  atrestTrail,
  atrestUnlockMail,
  atrestCancelRecovery,
  atrestAdminSet,
  atrestAdminPasswd,
  atrestAdminTest,
  atrestAdminStatus,
  atrestAdminRemove,
  atrestAdminDecrypt,
  atrestAdminResetPassword,
  auditShow,
  auditVerify,
  atrestPubkeyAdd,
  atrestPubkeyList,
  atrestPubkeyRemove,
  atrestPubkeyTest,
  atrestPubkeySettings,
  atrestPubkeySealExisting,
  mailboxList,
  mailboxStatus,
  mailboxCreate,
  mailboxDelete,
  mailboxRename,
  mailboxSubscribe,
  mailboxUnsubscribe,
  messageList,
  messageShow,
  messageDelete,
  messageFlag,
  importMaildir,
  importMbox,
  importImap,
  exportMaildir,
  exportMbox,
  atrestRollbackStatus,
  atrestRollbackAccept,
  exportSealed,
  backup,
  restore,
  siteKeySave,
  fsck,
  uidvalidityBump,
  who,
  kick,
  unblock,
  lock,
  status,
  stats,
  logLevel,
  logTail,
  logErrors,
  stop,
  reload,
  certReload,
]

/** Commands that run where they are typed. */
export const localCommands: readonly LocalCommand[] = [
  configShow,
  configCheck,
  configDescribe,
  configMigrateSurgemail,
  configSchema,
  verify,
  siteKeyLoad,
  clientConfig,
  healthcheck,
  version,
]

export interface CommandGroup {
  readonly heading: string
  /** First words of command names. */
  readonly words: readonly string[]
}

/** How help orders them. */
export const commandGroups: readonly CommandGroup[] = [
  {
    heading: 'Server:',
    words: [
      'demo',
      'init',
      'serve',
      'status',
      'stats',
      'log',
      'reload',
      'stop',
      'doctor',
      'healthcheck',
      'cert',
      'systemd',
    ],
  },
  { heading: 'Accounts:', words: ['user', 'app-password', 'alias', 'domain', 'quota', 'atrest', 'audit'] },
  { heading: 'Mail:', words: ['mailbox', 'message', 'import', 'export'] },
  { heading: 'Backup:', words: ['backup', 'verify', 'restore', 'site-key', 'fsck', 'uidvalidity'] },
  { heading: 'Sessions:', words: ['who', 'kick', 'lock', 'unblock'] },
  { heading: 'Settings:', words: ['config', 'client-config', 'completion', 'man', 'version'] },
]

/** What commands of two words have in common; which there are is added (`familySummary`). */
export const familySummaries: Readonly<Record<string, string>> = {
  user: 'accounts',
  'app-password': 'passwords for mail programs',
  alias: 'other addresses for accounts',
  domain: 'domains that mail is taken for',
  quota: 'room for mail',
  atrest: 'at-rest encryption',
  'atrest policy': 'what accounts and domains may do, or must',
  'atrest code': 'recovery codes',
  'atrest slots': 'what opens an account',
  'atrest admin': 'the admin recovery key',
  'atrest pubkey': 'keys of owners that mail is sealed to',
  audit: 'what was done to keys and accounts',
  mailbox: 'mailboxes of an account',
  message: 'messages of an account',
  log: 'what the running server writes down',
  import: 'take mail in',
  export: 'write mail out',
  'atrest rollback': 'accounts put back to an older state',
  uidvalidity: 'what clients know of mailboxes',
  'site-key': 'the key of the site',
  config: 'settings',
  cert: 'the certificate that clients see',
  systemd: 'units for systemd',
}
