// The options of Node that open a debugger, or write memory (or what was in it) to disk.

const revealing = new Set([
  '--inspect',
  '--inspect-brk',
  '--inspect-brk-node',
  '--inspect-wait',
  '--debug',
  '--debug-brk',
  '--heapsnapshot-signal',
  '--heapsnapshot-near-heap-limit',
  '--heap-prof',
  '--cpu-prof',
  '--report-on-signal',
  '--report-on-fatalerror',
  '--report-uncaught-exception',
  '--abort-on-uncaught-exception',
])

/**
 * Names of the revealing ones among a process's own options (its `execArgv`, or the words of NODE_OPTIONS). Others of the
 * same family, such as `--inspect-port`, open nothing by themselves, nor does a count of 0; Node 24's test runner hands
 * them to every test.
 */
export function revealingOptions(words: Iterable<string>): string[] {
  return [...words]
    .filter((word) => !word.endsWith('=0'))
    .map((word) => word.replace(/=.*$/s, '').replaceAll('_', '-'))
    .filter((name) => revealing.has(name))
}
