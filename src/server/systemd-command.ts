// systemd print: units made for the settings and for where this program is.
import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { localCommand, type LocalCommand } from '../admin/command.ts'
import { programPath } from './demo/demo-server.ts'
import { serviceUnit, socketUnits, type Installed } from './systemd-unit.ts'

const unixName = /^[a-z_][a-z0-9_-]{0,30}$/
const input = z.strictObject({
  socket: z.boolean().optional(),
  user: z.string().regex(unixName, 'must be the name of a user').default('letterlock'),
  socketGroup: z.string().regex(unixName, 'must be the name of a group').optional(),
  writable: z
    .string()
    .transform((text) => text.split(',').flatMap((path) => path.trim() || []))
    .refine(
      (paths) => paths.every((path) => isAbsolute(path) && !/[\0\n]/.test(path)),
      'must be absolute paths',
    )
    .default([]),
})
const result = z.object({
  units: z
    .array(
      z.object({
        name: z.string().describe('file name, in /etc/systemd/system'),
        text: z.string().describe('what belongs there'),
      }),
    )
    .describe('the service, and its sockets'),
})

/** Prints units; installs nothing. */
export const systemdPrint: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'systemd print',
  summary: 'print a service for systemd, made for these settings',
  notes:
    'The service runs in a sandbox as a user of its own, its memory is kept out of swap and core dumps, and `systemctl start` returns once the server answers. ' +
    'With --socket systemd opens the sockets: the server then needs no privilege at all, and connections that come while it restarts wait. ' +
    'Installs nothing: what is printed is yours to read and to change.',
  examples: [
    {
      line: 'letterlock systemd print > /etc/systemd/system/letterlock.service',
      does: 'then: systemctl daemon-reload; systemctl enable --now letterlock',
    },
    {
      line: 'letterlock systemd print --socket',
      does: 'the service and a unit for each protocol, to be put into a file each',
    },
  ],
  options: [
    { flags: '--socket', description: 'systemd opens the sockets' },
    { flags: '--user NAME', description: 'as whom the server runs (default: letterlock)' },
    {
      flags: '--writable DIRS',
      description:
        'where it may write besides its own directories, such as for backups; commas between; they must be there when it starts',
    },
    {
      flags: '--socket-group NAME',
      description: 'with --socket: who may use its Unix sockets, such as postfix',
    },
  ],
  input,
  result,

  async run(desk, { socket, user, writable, socketGroup }) {
    const config = desk.config()
    const installed: Installed = {
      ...{ node: process.execPath, program: programPath, user, socketGroup, writable },
      configFile: desk.configFile === undefined ? undefined : resolve(desk.configFile),
    }
    const sockets = socket ? socketUnits(config, installed) : []
    const names = sockets.map(({ name }) => name)
    return { result: { units: [serviceUnit(config, installed, names), ...sockets] } }
  },

  show({ units }, view) {
    for (const [index, { name, text }] of units.entries()) {
      if (units.length > 1) view.out(`${index > 0 ? '\n' : ''}# /etc/systemd/system/${name}`)
      for (const line of text.trimEnd().split('\n')) view.out(line)
    }
  },
})
