// Autoconfiguration of Thunderbird and others: the XML that they ask the mail domain for. It says nothing about any account.
import type { WebSettings } from '../settings.ts'
import { element, escapeXml } from './xml.ts'

const socketTypes = { tls: 'SSL', starttls: 'STARTTLS' } as const

/** Mozilla's clientConfig, version 1.1. `%EMAILADDRESS%` is the program's to fill in. */
export function autoconfigXml(settings: WebSettings, domain: string): string {
  const { incoming, submission, hostname } = settings
  const servers = incoming.map(({ host, port, security }) => [
    '    <incomingServer type="imap">',
    `      ${element('hostname', host)}`,
    `      ${element('port', port)}`,
    `      ${element('socketType', socketTypes[security])}`,
    '      <username>%EMAILADDRESS%</username>',
    '      <authentication>password-cleartext</authentication>',
    '    </incomingServer>',
  ])
  const outgoing = submission
    ? [
        '    <outgoingServer type="smtp">',
        `      ${element('hostname', submission.host)}`,
        `      ${element('port', submission.port)}`,
        `      ${element('socketType', submission.port === 465 ? 'SSL' : 'STARTTLS')}`,
        '      <username>%EMAILADDRESS%</username>',
        '      <authentication>password-cleartext</authentication>',
        '    </outgoingServer>',
      ]
    : []
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<clientConfig version="1.1">',
    `  <emailProvider id="${escapeXml(hostname)}">`,
    `    ${element('domain', domain)}`,
    `    ${element('displayName', hostname)}`,
    `    ${element('displayShortName', hostname)}`,
    ...servers.flat(),
    ...outgoing,
    '  </emailProvider>',
    '</clientConfig>',
    '',
  ].join('\n')
}
