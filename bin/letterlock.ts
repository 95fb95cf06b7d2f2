#!/usr/bin/env node
// The letterlock program: hands its words to the command line and ends with its exit code.
import { endWith, interruptSignal, main } from '../src/server/cli.ts'

await endWith(() => main(process.argv.slice(2), process, process.env, interruptSignal()))
