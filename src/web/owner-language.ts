// The language that an owner is written to in goes along with the page: as they last chose it, or first saw it.
import type { AccountInfo } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import type { Visit } from './page.ts'
import type { Language } from './text.ts'

/** What cannot be written down now is at another time: it keeps nobody from their page. */
export async function rememberLanguage(
  { site }: Visit,
  info: Pick<AccountInfo, 'address' | 'language'> | undefined,
  language: Language,
): Promise<void> {
  if (!info || info.language === language) return
  try {
    await site.accounts.setLanguage(info.address, language)
  } catch (error) {
    if (!isRefusal(error)) throw error
    site.log.write('warn', 'web.language-not-kept', { user: info.address, reason: error.code })
  }
}

/** At sign-in: a choice made in this browser counts from now on; where there was never one, the language that the page is read in. */
export async function settleLanguage(
  visit: Visit,
  info: Pick<AccountInfo, 'address' | 'language'>,
): Promise<void> {
  if (visit.isLanguageChosen || info.language === undefined)
    await rememberLanguage(visit, info, visit.language)
}
