// Every text of the page, English and German side by side; {names} are filled in.
import type { Entry } from '../../base/language.ts'
import { accountTexts } from './account.ts'
import { adminTexts } from './admin.ts'
import { commonTexts } from './common.ts'
import { encryptionTexts } from './encryption.ts'
import { mailTexts } from './mail.ts'
import { transferTexts } from './transfer.ts'
import { upkeepTexts } from './upkeep.ts'

export type { Entry } from '../../base/language.ts'

const all = {
  ...commonTexts,
  ...accountTexts,
  ...encryptionTexts,
  ...mailTexts,
  ...transferTexts,
  ...upkeepTexts,
  ...adminTexts,
}

export type TextKey = keyof typeof all

export const catalogue: Readonly<Record<TextKey, Entry>> = all
