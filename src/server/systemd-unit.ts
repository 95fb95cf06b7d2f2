// Units for systemd: the service, and its sockets where systemd opens those.
import { isIP } from 'node:net'
import { setupFailure } from './setup-failure.ts'
import { protocols } from './protocols.ts'
import type { Config } from '../config/schema.ts'
import type { ListenAddress } from '../config/units.ts'

/** What the units name. Paths are absolute. */
export interface Installed {
  readonly node: string
  readonly program: string
  /** undefined: what `--data` and the defaults say. */
  readonly configFile: string | undefined
  readonly user: string
  /** Where it writes besides: backups, exports. */
  readonly writable?: readonly string[]
  /** Who may use its Unix sockets when systemd makes them: a mail server's group. */
  readonly socketGroup?: string | undefined
}

export interface Unit {
  /** File name. */
  readonly name: string
  readonly text: string
}

/** Threads for files and Argon2id: those that passwords may hold at once must leave some for reading mail. */
const threadsForFiles = 6

/** One word of a command line of systemd's: no specifier and no variable in it. */
function word(text: string): string {
  const plain = text.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%$+,./:=-]+$/.test(plain) ? plain : `"${plain.replace(/[\\"]/g, '\\$&')}"`
}

const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`)

/** Directories outside of the usual one into which the server writes. */
function writable(config: Config, besides: readonly string[] = []): string[] {
  const sockets = Object.values(config.listen).flatMap((value) =>
    Array.isArray(value)
      ? (value as readonly ListenAddress[]).flatMap((one) => (one.kind === 'unix' ? [one.path] : []))
      : [],
  )
  const directoryOf = (path: string): string => path.replace(/\/[^/]*$/, '') || '/'
  const all = [
    config.dataDir,
    config.integrity.witnessDir,
    ...[config.controlSocket, ...sockets].map(directoryOf),
    ...besides,
  ]
  const own = ['/var/lib/letterlock', '/run/letterlock']
  return [...new Set(all)].filter(
    (path, _, paths) =>
      !own.some((one) => isBelow(path, one)) &&
      !paths.some((other) => other !== path && isBelow(path, other)),
  )
}

function homeRule(config: Config, { program, node, configFile = '', writable: besides }: Installed): string {
  const isHome = (path: string): boolean =>
    ['/home', '/root', '/run/user'].some((home) => isBelow(path, home))
  if (writable(config, besides).some(isHome))
    return 'ProtectHome=no\n# mail lies in a home directory: /var/lib/letterlock would be safer'
  return [program, node, configFile].some(isHome) ? 'ProtectHome=read-only' : 'ProtectHome=yes'
}

const needsPrivilege = ({ listen }: Config): boolean =>
  protocols.some((protocol) =>
    listen[protocol].some((one) => one.kind === 'tcp' && one.port > 0 && one.port < 1024),
  )

/** The service. With `sockets` systemd has opened what it listens at, and it needs no privilege for that. */
export function serviceUnit(config: Config, installed: Installed, sockets: readonly string[] = []): Unit {
  const { node, program, configFile, user } = installed
  const letterlock = [
    node,
    program,
    ...(configFile === undefined ? ['--data', config.dataDir] : ['--config', configFile]),
  ]
    .map(word)
    .join(' ')
  const isActivated = sockets.length > 0
  const capability = !isActivated && needsPrivilege(config) ? 'CAP_NET_BIND_SERVICE' : ''
  const paths = writable(config, installed.writable)
  const text = `# Needs: useradd --system --no-create-home --home-dir ${config.dataDir} --shell /usr/sbin/nologin ${user}
[Unit]
Description=Letterlock mail store (IMAP, LMTP, owners' page)
After=network-online.target${isActivated ? ` ${sockets.join(' ')}` : ''}
Wants=network-online.target
${isActivated ? `Requires=${sockets.join(' ')}\n` : ''}
[Service]
# Not Type=notify: Node has no datagram sockets in the file system, and a helper that speaks for it would have to be let in by NotifyAccess=all.
# The start is complete when ExecStartPost says so: the server answers commands once its store is open and it listens.
Type=exec
User=${user}
${isActivated ? `Sockets=${sockets.join(' ')}\n` : ''}ExecStart=${letterlock} serve
ExecStartPost=${letterlock} --quiet healthcheck --wait 80s --process \${MAINPID}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
TimeoutStartSec=90s
TimeoutStopSec=30s
Restart=on-failure
# 78: the settings or the files are wrong; starting again will not help
RestartPreventExitStatus=78
# ${config.auth.maxParallelKdf} for passwords ([auth] max_parallel_kdf), the others for reading and writing mail
Environment=UV_THREADPOOL_SIZE=${config.auth.maxParallelKdf + threadsForFiles}
UMask=0077
StateDirectory=letterlock
StateDirectoryMode=0700
RuntimeDirectory=letterlock
RuntimeDirectoryMode=0700
${paths.length > 0 ? `ReadWritePaths=${paths.map(word).join(' ')}\n` : ''}LimitNOFILE=131072

# Keys are in memory: not in core dumps, not in swap.
LimitCORE=0
CoredumpFilter=0x0
MemorySwapMax=0

# Sandbox. MemoryDenyWriteExecute= cannot be: Node compiles while it runs.
NoNewPrivileges=yes
CapabilityBoundingSet=${capability}
AmbientCapabilities=${capability}
${capability === '' ? 'PrivateUsers=yes\n' : ''}ProtectSystem=strict
${homeRule(config, installed)}
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectProc=invisible
ProcSubset=pid
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @obsolete @debug @mount @swap @reboot @raw-io @cpu-emulation @clock @module
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
  return { name: 'letterlock.service', text }
}

function streamOf(address: ListenAddress): string {
  if (address.kind === 'unix') return address.path
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host
  if (isIP(host) === 0)
    throw setupFailure(`systemd listens at addresses, not at names: ${host}`, {
      hint: 'write its address in [listen]',
    })
  return isIP(host) === 6 ? `[${host}]:${address.port}` : `${host}:${address.port}`
}

/** One unit for each protocol that has listeners: the server knows its sockets by their names. */
export function socketUnits({ listen }: Config, { user, socketGroup }: Installed): Unit[] {
  return protocols.flatMap((protocol) => {
    const addresses = listen[protocol]
    if (addresses.length === 0) return []
    const isUnix = addresses.some(({ kind }) => kind === 'unix')
    const text = `[Unit]
Description=Letterlock: ${protocol}

[Socket]
${addresses.map((one) => `ListenStream=${streamOf(one)}`).join('\n')}
FileDescriptorName=${protocol}
Service=letterlock.service
BindIPv6Only=both
Backlog=511
${isUnix ? `SocketUser=${user}\n${socketGroup === undefined ? '' : `SocketGroup=${socketGroup}\n`}SocketMode=0${listen.socketMode.toString(8)}\n` : ''}
[Install]
WantedBy=sockets.target
`
    return [{ name: `letterlock-${protocol}.socket`, text }]
  })
}
