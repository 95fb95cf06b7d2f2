// Every text of the page, English and German side by side; {names} are filled in.
import { accountTexts } from './account.ts'
import { adminTexts } from './admin.ts'
import { commonTexts } from './common.ts'
import { encryptionTexts } from './encryption.ts'
import { mailTexts } from './mail.ts'

export type Entry = readonly [english: string, german: string]

const all = { ...commonTexts, ...accountTexts, ...encryptionTexts, ...mailTexts, ...adminTexts }

export type TextKey = keyof typeof all

export const catalogue: Readonly<Record<TextKey, Entry>> = all
