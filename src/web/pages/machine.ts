// What mail programs ask for by themselves: Thunderbird's autoconfig and Outlook's autodiscover. No session, nothing about accounts.
import { readBody } from '../body.ts'
import { autoconfigXml } from '../mail-programs/autoconfig.ts'
import { askedAddress, autodiscoverXml } from '../mail-programs/autodiscover.ts'
import type { Page, Reply, Visit } from '../page.ts'

const requestBytes = 16 * 1024
const requestMs = 10_000

function xml(text: string): Reply {
  return { kind: 'file', type: 'application/xml; charset=utf-8', bytes: Buffer.from(text, 'utf8') }
}

/** The domain of the address in the query, if it is one; else the server's. */
function autoconfig({ site, query }: Visit): Reply {
  const domain = /^[^@\s]{1,200}@([\w.-]{1,253})$/.exec(query.get('emailaddress') ?? '')?.[1]
  return xml(autoconfigXml(site.settings, domain ?? site.settings.hostname))
}

export const wellKnownAutoconfig: Page = {
  path: '/.well-known/autoconfig/mail/config-v1.1.xml',
  access: 'machine',
  get: autoconfig,
}

export const plainAutoconfig: Page = { path: '/mail/config-v1.1.xml', access: 'machine', get: autoconfig }

/** Outlook varies the case of this path, and asks by POST. */
function autodiscoverAt(path: string): Page {
  return {
    path,
    access: 'machine',
    get: ({ site, query }) => xml(autodiscoverXml(site.settings, query.get('emailaddress') ?? '')),
    async upload({ site }, incoming) {
      const request = await readBody(incoming, requestBytes, requestMs)
      return xml(autodiscoverXml(site.settings, askedAddress(request.toString('utf8')) ?? ''))
    },
  }
}

export const autodiscover: readonly Page[] = [
  '/autodiscover/autodiscover.xml',
  '/Autodiscover/Autodiscover.xml',
].map(autodiscoverAt)
