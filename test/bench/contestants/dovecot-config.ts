// The peer's configuration: Dovecot 2.3 with mail_crypt and per-user keys under the user's password.

export interface DovecotPlaces {
  readonly root: string
  readonly usersFile: string
  readonly imapPort: number
  readonly lmtpPort: number
}

/** Differences between the forms in which the peer takes part. */
export interface DovecotForm {
  /** Mail sealed by mail_crypt, with user keys that need the password. */
  readonly isSealed: boolean
  /** Idle sessions are parked in one process for all; Dovecot's default is off. */
  readonly hibernates: boolean
}

/** The text of a configuration file for an instance of its own. */
export function dovecotConfig(places: DovecotPlaces, form: DovecotForm): string {
  const { root, usersFile, imapPort, lmtpPort } = places
  return `
base_dir = ${root}/run
state_dir = ${root}/state
instance_name = letterlock-bench
protocols = imap lmtp
listen = 127.0.0.1
log_path = ${root}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
postmaster_address = postmaster@bench.test
first_valid_uid = 1
mail_location = sdbox:~/mail
namespace inbox {
  inbox = yes
}
# Many sessions from one address and of one account are the point of a load test.
default_client_limit = 6000
default_process_limit = 3000
mail_max_userip_connections = 3000
mail_max_lock_timeout = 60 secs
passdb {
  driver = passwd-file
  args = username_format=%u ${usersFile}
  ${form.isSealed ? 'override_fields = userdb_mail_crypt_private_password=%{sha256:password}' : ''}
}
userdb {
  driver = passwd-file
  args = username_format=%u ${usersFile}
}
# The "high-performance mode" of its manual: login processes are not started anew for each connection.
service imap-login {
  service_count = 0
  process_min_avail = 2
  client_limit = 3000
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service imap {
  process_limit = 3000
  unix_listener imap-master {
    user = $default_internal_user
  }
}
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0666
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtpPort}
  }
}
${form.hibernates ? 'protocol imap {\n  imap_hibernate_timeout = 2 secs\n}' : ''}
${form.isSealed ? sealing : ''}`
}

// X25519 does not work in 2.3.19; prime256v1 is the curve its manual shows.
const sealing = `
mail_plugins = $mail_plugins mail_crypt
mail_attribute_dict = file:%h/dovecot-attributes
plugin {
  mail_crypt_curve = prime256v1
  mail_crypt_save_version = 2
  mail_crypt_require_encrypted_user_key = yes
}
`
