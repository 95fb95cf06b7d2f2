// A configuration profile for Apple's Mail, with an app password of its own. As bytes: the password is in it.
import { secretCopy } from '../../base/secret.ts'
import { sha256 } from '../../crypto/digest.ts'
import type { WebSettings } from '../settings.ts'
import { element } from './xml.ts'

/** Stands for the password while the rest is written. */
const mark = '\uE003'

/** The same for the same account, so that a newer profile takes the place of the older one. */
function uuidFor(text: string): string {
  const digits = sha256(Buffer.from(text)).toString('hex', 0, 16).toUpperCase()
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function pair(key: string, value: string | number | boolean): string {
  const name = element('key', key)
  if (typeof value === 'boolean') return `${name}<${String(value)}/>`
  return `${name}${element(typeof value === 'number' ? 'integer' : 'string', value)}`
}

/** Unsigned: the device says so, and asks. `password` stays the caller's; the result is secret. */
export function appleProfile(settings: WebSettings, address: string, password: Buffer): Buffer {
  const { hostname, incoming, submission } = settings
  const [way] = incoming
  const id = `${hostname.split('.').reverse().join('.')}.letterlock.${uuidFor(address)}`
  const account = [
    pair('PayloadType', 'com.apple.mail.managed'),
    pair('PayloadVersion', 1),
    pair('PayloadIdentifier', `${id}.mail`),
    pair('PayloadUUID', uuidFor(`mail ${hostname} ${address}`)),
    pair('PayloadDisplayName', address),
    pair('EmailAccountDescription', address),
    pair('EmailAccountType', 'EmailTypeIMAP'),
    pair('EmailAddress', address),
    pair('IncomingMailServerAuthentication', 'EmailAuthPassword'),
    pair('IncomingMailServerHostName', way?.host ?? hostname),
    pair('IncomingMailServerPortNumber', way?.port ?? 993),
    pair('IncomingMailServerUseSSL', true),
    pair('IncomingMailServerUsername', address),
    pair('IncomingPassword', mark),
    pair('OutgoingPasswordSameAsIncomingPassword', true),
    pair('OutgoingMailServerAuthentication', 'EmailAuthPassword'),
    pair('OutgoingMailServerHostName', submission?.host ?? hostname),
    pair('OutgoingMailServerPortNumber', submission?.port ?? 465),
    pair('OutgoingMailServerUseSSL', true),
    pair('OutgoingMailServerUsername', address),
  ]
  const text = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0"><dict>',
    pair('PayloadType', 'Configuration'),
    pair('PayloadVersion', 1),
    pair('PayloadIdentifier', id),
    pair('PayloadUUID', uuidFor(`profile ${hostname} ${address}`)),
    pair('PayloadDisplayName', `${hostname}: ${address}`),
    '<key>PayloadContent</key><array><dict>',
    ...account,
    '</dict></array>',
    '</dict></plist>',
    '',
  ].join('\n')
  const [before = '', after = ''] = text.split(mark)
  return secretCopy(Buffer.concat([Buffer.from(before), password, Buffer.from(after)]))
}
