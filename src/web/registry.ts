// All pages, in the order of the menu; nothing else knows them all.
import type { Page } from './page.ts'
import { admin } from './pages/admin.tsx'
import { alternateAddress } from './pages/alternate-address.tsx'
import { appPasswords } from './pages/app-passwords.tsx'
import { changePassword } from './pages/change-password.tsx'
import { confirmCode } from './pages/confirm-code.tsx'
import { exportMail } from './pages/export.tsx'
import { importEvents, importProgress } from './pages/import-progress.tsx'
import { importMail } from './pages/import.tsx'
import { language } from './pages/language.ts'
import { autodiscover, plainAutoconfig, wellKnownAutoconfig } from './pages/machine.ts'
import { newCode } from './pages/new-code.tsx'
import { cancelRecovery, ownRecovery } from './pages/cancel-recovery.tsx'
import { overview } from './pages/overview.tsx'
import { publicKeys } from './pages/public-keys.tsx'
import { progress, progressEvents } from './pages/progress.tsx'
import { recover } from './pages/recover.tsx'
import { renewKeys } from './pages/renew-keys.tsx'
import { rolledBack } from './pages/rolled-back.tsx'
import { sealOlder } from './pages/seal-older.tsx'
import { sessions } from './pages/sessions.tsx'
import { setUp } from './pages/set-up.tsx'
import { signIn } from './pages/sign-in.tsx'
import { signOut } from './pages/sign-out.ts'
import { testCode } from './pages/test-code.tsx'
import { trail } from './pages/trail.tsx'
import { turnOff } from './pages/turn-off.tsx'
import { turnOn } from './pages/turn-on.tsx'
import { unlock } from './pages/unlock.tsx'
import { waysIn } from './pages/ways-in.tsx'

export const pages: readonly Page[] = [
  overview,
  setUp,
  importMail,
  exportMail,
  turnOn,
  changePassword,
  testCode,
  newCode,
  alternateAddress,
  appPasswords,
  waysIn,
  renewKeys,
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
  importProgress,
  importEvents,
  cancelRecovery,
  ownRecovery,
  rolledBack,
  sealOlder,
  wellKnownAutoconfig,
  plainAutoconfig,
  ...autodiscover,
]
