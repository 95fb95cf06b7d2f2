#!/usr/bin/env node
// The letterlock program: hands its words to the command line and ends with its exit code.
import { interruptSignal, main } from '../src/server/cli.ts'

// A reader that has had enough (`letterlock user list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 74)
})

const exitCode = await main(process.argv.slice(2), process, process.env, interruptSignal())
// Everything written is out before the process ends, also into a slow pipe.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
