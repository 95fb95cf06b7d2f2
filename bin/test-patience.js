// Loaded into the process of each test file by bin/test.js: a file that is not over in time says which of its tests are running, and fails, so
// that the others go on and the run comes to its end.
import { writeSync } from 'node:fs'
import { afterEach, beforeEach } from 'node:test'
import { isMainThread } from 'node:worker_threads'

const minutes = Number(process.env.LETTERLOCK_TEST_MINUTES)

if (isMainThread && process.env.NODE_TEST_CONTEXT && minutes > 0) {
  const running = new Map()
  beforeEach((test) => void running.set(test, test.fullName ?? test.name))
  afterEach((test) => void running.delete(test))
  const giveUp = () => {
    const names = [...running.values()].map((name) => JSON.stringify(name)).join(', ')
    const what = names || 'no test: a hook, or something keeps the process alive'
    const resources = process.getActiveResourcesInfo().join(' ')
    writeSync(
      2,
      `Not over after ${minutes} minutes: ${process.argv[1]}. Running: ${what}. Active: ${resources}\n`,
    )
    process.exit(1)
  }
  setTimeout(giveUp, minutes * 60_000).unref()
}
