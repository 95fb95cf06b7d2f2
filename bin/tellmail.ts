#!/usr/bin/env node
// SurgeMail's command line: translates its words and hands them to ours.
import { Readable } from 'node:stream'
import { failureToJson, toFailure } from '../src/admin/failure.ts'
import { tellmailUsage, translateTellmail, type Translated } from '../src/admin/tellmail.ts'
import { endWith, interruptSignal, main } from '../src/server/cli.ts'

const argv = process.argv.slice(2)
// Overwrites the words in the system's list of processes, where a password may stand for others to see.
process.title = 'tellmail'
process.argv.splice(2)

const talk = (line: string): void => void process.stderr.write(`${line}\n`)

async function run(): Promise<number> {
  if (argv.some((word) => ['--help', '-h'].includes(word))) {
    process.stdout.write(`${['Usage: tellmail COMMAND, of these:', '', ...tellmailUsage].join('\n')}\n`)
    return 0
  }
  let translated: Translated
  try {
    translated = translateTellmail(argv)
  } catch (error) {
    const failure = toFailure(error)
    talk(
      argv.includes('--json')
        ? JSON.stringify({ error: failureToJson(failure) })
        : `tellmail: ${failure.message}`,
    )
    if (failure.hint !== undefined) talk(failure.hint)
    return failure.exitCode
  }
  const { words, secrets, nothing } = translated
  if (nothing !== undefined) {
    talk(nothing)
    return 0
  }
  if (secrets.length === 0) return main(words, process, process.env, interruptSignal())
  talk(
    'tellmail: a password on the command line can be seen by others and stays in the history of the shell; leave it out to be asked.',
  )
  const lines = Buffer.from(secrets.map((secret) => `${secret}\n`).join(''))
  try {
    const streams = { stdin: Readable.from([lines]), stdout: process.stdout, stderr: process.stderr }
    return await main(words, streams, process.env, interruptSignal())
  } finally {
    lines.fill(0)
  }
}

await endWith(run)
