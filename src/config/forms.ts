// Forms that settings have: sizes, durations, addresses, names.
import { z } from 'zod'
import { parseAddress, parseDuration, parseSize } from './units.ts'

export const size = z.union([z.number(), z.string()]).transform((given, context) => {
  const bytes = typeof given === 'string' ? parseSize(given) : given
  if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0) return bytes
  context.addIssue({ code: 'custom', message: 'must be a size such as "50M" or "2G"' })
  return z.NEVER
})

export const duration = z.string().transform((given, context) => {
  const ms = parseDuration(given)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'must be a duration such as "30s", "10m" or "1h"' })
  return z.NEVER
})

export const address = z.string().transform((given, context) => {
  const parsed = parseAddress(given)
  if (parsed) return parsed
  context.addIssue({
    code: 'custom',
    message: 'must be an address such as "127.0.0.1:24", "[::]:993" or "unix:/run/letterlock/lmtp.sock"',
  })
  return z.NEVER
})

export const absolutePath = z.string().regex(/^\//, 'must be an absolute path')
export const domain = z
  .string()
  .regex(/^[\p{L}\p{N}]([\p{L}\p{N}.-]{0,251}[\p{L}\p{N}])?$/u, 'must be a domain name')
  .toLowerCase()
export const count = z.int().min(1).max(1_000_000)
export const socketMode = z
  .string()
  .regex(/^0[0-7]{3}$/, 'must be four octal digits such as "0660"')
  .transform((given) => parseInt(given, 8))
