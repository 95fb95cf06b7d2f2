// SurgeMail's names for settings of at-rest encryption, taken as ours (`g_atrest_enable` and its fellows).

type Table = Record<string, unknown>

const isTrue = (value: unknown): boolean => /^(true|yes|1)$/i.test(String(value))

/** Names that stand at the top of the file, as booleans or in quotes. */
const names: readonly string[] = ['g_atrest_enable', 'g_atrest_all', 'g_atrest_crazy']

/**
 * The same settings with SurgeMail's names replaced: `g_atrest_enable` false is policy off; `g_atrest_all` policy all; `g_atrest_crazy`
 * forbids admin recovery. What is set under our own name holds.
 */
export function withSurgemailNames(table: Table): Table {
  if (!names.some((name) => name in table)) return table
  const { g_atrest_enable: enable, g_atrest_all: all, g_atrest_crazy: crazy, ...rest } = table
  const given = rest['atrest']
  const atrest: Table = typeof given === 'object' && given !== null ? { ...given } : {}
  if (isTrue(all) && !(enable !== undefined && !isTrue(enable))) atrest['policy'] ??= 'all'
  else if (enable !== undefined) atrest['policy'] ??= isTrue(enable) ? 'offered' : 'off'
  if (isTrue(crazy)) atrest['admin_recovery'] ??= false
  return { ...rest, atrest }
}
