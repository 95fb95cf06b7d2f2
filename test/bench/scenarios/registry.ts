// The list of scenarios, in the order in which they run and are printed.
import { append } from './append.ts'
import { arrival } from './arrival.ts'
import { change } from './change.ts'
import { deliver } from './deliver.ts'
import { idle } from './idle.ts'
import { login } from './login.ts'
import { mailboxes } from './mailboxes.ts'
import { open } from './open.ts'
import { read } from './read.ts'
import type { Scenario } from './scenario.ts'
import { search } from './search.ts'
import { manySessions } from './sessions.ts'
import { stall } from './stall.ts'

export const scenarios: readonly Scenario[] = [
  deliver,
  append,
  login,
  read,
  search,
  open,
  change,
  mailboxes,
  idle,
  manySessions,
  arrival,
  stall,
]
