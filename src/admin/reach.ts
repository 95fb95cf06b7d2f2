// Has a command carried out: by the running server, or on the idle store, and never by both.
import type { Config } from '../config/schema.ts'
import { askServer, connectControl } from './client.ts'
import type { OpenSite, SiteCommand } from './command.ts'
import { execute, serverNotRunning, type Order, type Outlet } from './execute.ts'

/** Opens the store of `config` when nobody else has it. Throws Failure 'store-in-use' and others. */
export type SiteOpener = (config: Config) => Promise<OpenSite>

/** The command's result. The order's secrets are wiped in any case. Throws Failure, or a Refusal of the idle store. */
export async function carryOut(
  command: SiteCommand,
  order: Order,
  outlet: Outlet,
  reach: { readonly config: Config; readonly openSite: SiteOpener; readonly signal: AbortSignal },
): Promise<object> {
  const { config, openSite, signal } = reach
  try {
    const socket = await connectControl(config.controlSocket)
    if (socket) return await askServer(socket, command.name, order, outlet, signal)
    if (command.needsServer) throw serverNotRunning(command.name)
    const site = await openSite(config)
    try {
      return await execute(command, order, site, outlet, signal)
    } finally {
      await site.close()
    }
  } finally {
    for (const bytes of order.secrets.values()) bytes.fill(0)
  }
}
