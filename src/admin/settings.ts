// Finds the configuration file and loads the settings for a command line.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { ConfigError } from '../config/problems.ts'
import type { Config } from '../config/schema.ts'
import { exitCodes } from './exit-code.ts'
import { Failure, usageFailure } from './failure.ts'

/** What was typed before any command: `--config`, `--data`, `--set`. */
export interface SettingsSource {
  readonly configFile?: string | undefined
  readonly dataDir?: string | undefined
  /** `name=value`, as typed. */
  readonly set?: readonly string[]
}

const systemFile = '/etc/letterlock/letterlock.toml'
const usualDataDir = '/var/lib/letterlock'

/**
 * The file that is read: `--config`, else $LETTERLOCK_CONFIG, else letterlock.toml in `--data`, else the system's, else the one that
 * `init --data` left in the usual data directory; undefined when there is none. Only the first two must be there.
 */
export function findConfigFile(source: SettingsSource, env: NodeJS.ProcessEnv): string | undefined {
  if (source.configFile !== undefined) return resolve(source.configFile)
  const named = env['LETTERLOCK_CONFIG'] ?? ''
  if (named !== '') return resolve(named)
  const inside = (directory: string): string => resolve(directory, 'letterlock.toml')
  const places =
    source.dataDir === undefined
      ? [systemFile, inside(env['LETTERLOCK_DATA_DIR'] ?? usualDataDir)]
      : [inside(source.dataDir)]
  return places.find((path) => existsSync(path))
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Failure('configuration', exitCodes.configuration, `cannot read ${path} (${code ?? 'error'})`, {
      cause: error,
      hint:
        code === 'ENOENT'
          ? '`letterlock init` writes one; `letterlock config describe` prints every setting'
          : 'look at its permissions, or run this as the server’s own user',
    })
  }
}

function flagsOf(source: SettingsSource): Record<string, string> {
  const flags: Record<string, string> = {}
  for (const given of source.set ?? []) {
    const at = given.indexOf('=')
    if (at < 1)
      throw usageFailure(`--set ${given}: must be NAME=VALUE`, 'such as --set listen.imaps=[::]:1993')
    flags[given.slice(0, at).trim()] = given.slice(at + 1)
  }
  if (source.dataDir !== undefined) flags['data_dir'] = resolve(source.dataDir)
  return flags
}

export interface LoadOptions {
  /** The file named by `--config` need not be there: it is about to be made. */
  readonly mayBeMissing?: boolean
}

/** The settings in force: flags, environment, file, defaults. Throws Failure 'configuration' that lists every mistake. */
export function loadSettings(
  source: SettingsSource,
  env: NodeJS.ProcessEnv,
  { mayBeMissing = false }: LoadOptions = {},
): Config {
  const found = findConfigFile(source, env)
  const file = found !== undefined && mayBeMissing && !existsSync(found) ? undefined : found
  // It names the file, and is no setting itself.
  const environment = { ...env, LETTERLOCK_CONFIG: undefined }
  try {
    return loadConfig({
      flags: flagsOf(source),
      environment,
      ...(file === undefined ? {} : { text: readConfigFile(file), fileName: file }),
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new Failure('configuration', exitCodes.configuration, error.message, {
      cause: error,
      hint: '`letterlock config describe` explains every setting',
    })
  }
}
