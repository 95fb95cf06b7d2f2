// All pages, in the order of the menu; nothing else knows them all.
import type { Page } from './page.ts'
import { admin } from './pages/admin.tsx'
import { appPasswords } from './pages/app-passwords.tsx'
import { changePassword } from './pages/change-password.tsx'
import { confirmCode } from './pages/confirm-code.tsx'
import { language } from './pages/language.ts'
import { autodiscover, plainAutoconfig, wellKnownAutoconfig } from './pages/machine.ts'
import { newCode } from './pages/new-code.tsx'
import { acceptRollback, overview } from './pages/overview.tsx'
import { publicKeys } from './pages/public-keys.tsx'
import { progress, progressEvents } from './pages/progress.tsx'
import { recover } from './pages/recover.tsx'
import { sessions } from './pages/sessions.tsx'
import { setUp } from './pages/set-up.tsx'
import { signIn } from './pages/sign-in.tsx'
import { signOut } from './pages/sign-out.ts'
import { testCode } from './pages/test-code.tsx'
import { trail } from './pages/trail.tsx'
import { turnOff } from './pages/turn-off.tsx'
import { turnOn } from './pages/turn-on.tsx'
import { unlock } from './pages/unlock.tsx'

export const pages: readonly Page[] = [
  overview,
  setUp,
  turnOn,
  changePassword,
  testCode,
  newCode,
  appPasswords,
  publicKeys,
  sessions,
  trail,
  turnOff,
  admin,
  signIn,
  signOut,
  language,
  recover,
  unlock,
  confirmCode,
  progress,
  progressEvents,
  acceptRollback,
  wellKnownAutoconfig,
  plainAutoconfig,
  ...autodiscover,
]
