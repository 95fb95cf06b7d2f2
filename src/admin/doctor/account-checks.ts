// Checks of the accounts as a whole: whether passwords that are forgotten lose mail, and what logins by SCRAM come to.
import { counted } from '../words.ts'
import type { Check } from './check.ts'

const recovery: Check = {
  id: 'recovery',
  title: 'recovery codes',
  async run({ config, countAccounts, server, storeTrouble }) {
    if (!config) return { verdict: 'skip', text: 'the settings cannot be read' }
    if (!server && storeTrouble !== undefined) return { verdict: 'skip', text: storeTrouble }
    const { sealed, withoutCode } = await countAccounts()
    if (withoutCode === 0) return { verdict: 'ok', text: `every encrypted account has one (${sealed})` }
    return {
      verdict: 'warn',
      text: `${withoutCode} of ${counted(sealed, 'encrypted account')} ${withoutCode === 1 ? 'has' : 'have'} none: a forgotten password loses the mail, unless the admin recovery key opens it`,
      hint: 'letterlock atrest status --at-risk lists them; their owners make one on the page, or with letterlock atrest code regenerate',
    }
  },
}

/** Programs with Cyrus SASL take no more iterations. */
const commonIterations = 65_536

const scram: Check = {
  id: 'scram',
  title: 'logins by SCRAM',
  async run({ config, countAccounts, server, storeTrouble }) {
    if (!config) return { verdict: 'skip', text: 'the settings cannot be read' }
    if (!server && storeTrouble !== undefined) return { verdict: 'skip', text: storeTrouble }
    const { scram: isOn, scramIterations } = config.auth
    const { accounts, scram: slots } = await countAccounts()
    if (!isOn && slots === 0) return { verdict: 'ok', text: 'off ([auth] scram)' }
    if (!isOn)
      return {
        verdict: 'warn',
        text: `off, and ${counted(slots, 'account')} still ${slots === 1 ? 'has' : 'have'} a slot for it, which store and site key make cheap to guess`,
        hint: 'each goes when its owner logs in next; one account: letterlock atrest slots remove',
      }
    const waiting = accounts - slots
    const text = `on, ${scramIterations} iterations; ${slots} of ${counted(accounts, 'account')} can${waiting > 0 ? ', others after their next login with the password shown' : ''}`
    if (scramIterations > commonIterations)
      return {
        verdict: 'warn',
        text,
        hint: `[auth] scram_iterations above ${commonIterations}: mail programs with Cyrus SASL (mbsync, mutt) refuse to log in`,
      }
    return { verdict: 'ok', text }
  },
}

export const accountChecks: readonly Check[] = [recovery, scram]
