// Autodiscover of Outlook: a POX answer for IMAP and SMTP. It says nothing about any account.
import type { WebSettings } from '../settings.ts'
import { element } from './xml.ts'

/** The address that was asked for, from the request's XML; undefined: none. Nothing else of it is read. */
export function askedAddress(request: string): string | undefined {
  return /<EMailAddress>\s*([^<>&\s]{1,320})\s*<\/EMailAddress>/i.exec(request)?.[1]
}

function protocol(
  type: 'IMAP' | 'SMTP',
  host: string,
  port: number,
  isTls: boolean,
  address: string,
): string[] {
  return [
    '      <Protocol>',
    `        ${element('Type', type)}`,
    `        ${element('Server', host)}`,
    `        ${element('Port', port)}`,
    `        ${element('LoginName', address)}`,
    '        <DomainRequired>off</DomainRequired>',
    '        <SPA>off</SPA>',
    `        ${element('Encryption', isTls ? 'SSL' : 'TLS')}`,
    '        <AuthRequired>on</AuthRequired>',
    '      </Protocol>',
  ]
}

export function autodiscoverXml({ incoming, submission }: WebSettings, address: string): string {
  const [way] = incoming
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">',
    '  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">',
    '    <Account>',
    '      <AccountType>email</AccountType>',
    '      <Action>settings</Action>',
    ...(way ? protocol('IMAP', way.host, way.port, way.security === 'tls', address) : []),
    ...(submission
      ? protocol('SMTP', submission.host, submission.port, submission.port === 465, address)
      : []),
    '    </Account>',
    '  </Response>',
    '</Autodiscover>',
    '',
  ].join('\n')
}
