// Messages that sealing must keep octet for octet, and messages in every form of being encrypted.
const lines = (...given: readonly string[]): Buffer => Buffer.from(given.join('\r\n') + '\r\n', 'latin1')

const head = ['From: Bob <bob@example.org>', 'To: alice@example.org', 'Date: Sat, 28 Nov 2026 12:00:00 +0000']

export const signed: Buffer = lines(
  ...head,
  'Subject: signed',
  'MIME-Version: 1.0',
  'Content-Type: multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Trailing blank=20',
  '--b',
  'Content-Type: application/pgp-signature',
  '',
  '-----BEGIN PGP SIGNATURE-----',
  '',
  'iHUEABYKAB0WIQ',
  '-----END PGP SIGNATURE-----',
  '--b--',
)

/** Name, and the message as delivered. */
export const originals: readonly (readonly [string, Buffer])[] = [
  ['plain', lines(...head, 'Subject: plain', '', 'Hello.')],
  ['without MIME fields and without a body', lines(...head, 'Subject: none', '')],
  ['header alone, cut in a line', Buffer.from('Subject: cut')],
  ['a body alone', lines('', 'no header')],
  [
    '8-bit',
    lines(
      ...head,
      'Subject: Gr\xfc\xdfe',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: 8bit',
      '',
      '\xe4\xf6\xfc',
    ),
  ],
  [
    'UTF-8',
    Buffer.from('Subject: 日本語 ß\r\nContent-Type: text/plain; charset=utf-8;\r\n\r\n日本語 🙂\r\n'),
  ],
  ['multipart/signed', signed],
  ['lines that are no fields', lines('>From bob', ...head, 'no colon here', 'Subject: odd', '', 'x')],
  ['NUL, lone CR and no end of line', Buffer.from('Subject: x\r\n\r\na\0b\rc\r\n\r\n.\r\nend')],
  [
    'folded and repeated content fields',
    lines(
      'Content-Type: text/plain;',
      '\tcharset=us-ascii',
      ...head,
      'Content-Type: text/html',
      'Content-Language: de',
      '',
      'x',
    ),
  ],
  ['a mark that somebody else made', lines('X-Letterlock-Sealed: openpgp; keys=0', ...head, '', 'forged')],
]

/** About 25 MB, with an attachment in base64. */
export function largeMessage(): Buffer {
  const line = Buffer.from('QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n')
  const body = Buffer.alloc(25 * 1024 * 1024)
  for (let at = 0; at < body.length; at += line.length) line.copy(body, at)
  const header = lines(
    ...head,
    'Subject: large',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
  )
  return Buffer.concat([header, body, Buffer.from('\r\n')])
}

const armor = (base64: string, ...headers: readonly string[]): string =>
  ['-----BEGIN PGP MESSAGE-----', ...headers, '', base64, '-----END PGP MESSAGE-----'].join('\r\n')

/** Packets: session key (tag 1, version 3), literal data (tag 11), compressed data (tag 8). */
const sessionKey = Buffer.concat([Buffer.of(0xc1, 94, 3), Buffer.alloc(93, 7)]).toString('base64')
const literal = Buffer.concat([Buffer.of(0xcb, 20), Buffer.from('b\0\0\0\0\0plaintext here')]).toString(
  'base64',
)
const compressed = Buffer.concat([Buffer.of(0xc8, 30, 1), Buffer.alloc(29, 3)]).toString('base64')
const marked = Buffer.concat([
  Buffer.of(0xca, 3),
  Buffer.from('PGP'),
  Buffer.from(sessionKey, 'base64'),
]).toString('base64')

const cms = (oid: string): string =>
  Buffer.concat([
    Buffer.from('30820100', 'hex'),
    Buffer.from(oid, 'hex'),
    Buffer.from('a0820010', 'hex'),
    Buffer.alloc(40, 1),
  ]).toString('base64')
const enveloped = cms('06092a864886f70d010703')
const signedData = cms('06092a864886f70d010702')
const compressedData = cms('060b2a864886f70d0109100109')
const authEnveloped = cms('060b2a864886f70d0109100117')
const encryptedData = cms('06092a864886f70d010706')

const single = (type: string, body: string, ...more: readonly string[]): Buffer =>
  lines(...head, 'MIME-Version: 1.0', `Content-Type: ${type}`, ...more, '', body)
const base64Field = 'Content-Transfer-Encoding: base64'

function multipart(subtype: string, ...parts: readonly (readonly string[])[]): Buffer {
  const body = parts.flatMap((part) => ['--b', ...part])
  return lines(
    ...head,
    'MIME-Version: 1.0',
    `Content-Type: multipart/${subtype}; boundary=b`,
    '',
    ...body,
    '--b--',
  )
}

const version = ['Content-Type: application/pgp-encrypted', '', 'Version: 1']
const encrypted = ['Content-Type: application/octet-stream; name=encrypted.asc', '', armor(sessionKey)]
const empty = ['Content-Type: text/plain', '', '  ']

/** Name, message, and whether it is encrypted already. */
export const forms: readonly (readonly [name: string, message: Buffer, isEncrypted: boolean])[] = [
  ['PGP/MIME', multipart('encrypted; protocol="application/pgp-encrypted"', version, encrypted), true],
  [
    'PGP/MIME that holds text',
    multipart('encrypted; protocol="application/pgp-encrypted"', version, [
      'Content-Type: application/octet-stream',
      '',
      'not encrypted at all',
    ]),
    false,
  ],
  ['PGP/MIME that Exchange made mixed', multipart('mixed', empty, version, encrypted), true],
  [
    'PGP/MIME with a version part that says more',
    multipart('mixed', ['Content-Type: application/pgp-encrypted', '', 'Version: 1 and a secret'], encrypted),
    false,
  ],
  [
    'PGP/MIME with a footer of a mailing list',
    multipart('mixed', version, encrypted, ['Content-Type: text/plain', '', 'Unsubscribe']),
    false,
  ],
  ['inline PGP', single('text/plain', armor(sessionKey, 'Version: GnuPG v2', 'Comment: x')), true],
  [
    'inline PGP, quoted-printable',
    single(
      'text/plain',
      armor(sessionKey).replaceAll('=', '=3D'),
      'Content-Transfer-Encoding: quoted-printable',
    ),
    true,
  ],
  [
    'inline PGP, base64',
    single('text/plain', Buffer.from(armor(sessionKey)).toString('base64'), base64Field),
    true,
  ],
  ['inline PGP behind a marker packet', single('text/plain', armor(marked)), true],
  ['inline PGP with words before it', single('text/plain', `Hello,\r\n${armor(sessionKey)}`), false],
  [
    'inline PGP with words behind it',
    single('text/plain', `${armor(sessionKey)}\r\nsent from my phone`),
    false,
  ],
  [
    'inline PGP with words within its armor',
    single('text/plain', armor(`${sessionKey}\r\nhidden words here`)),
    false,
  ],
  [
    'inline PGP in HTML',
    single('text/html', `<html><body><pre>${armor(sessionKey)}</pre></body></html>`),
    true,
  ],
  [
    'inline PGP in HTML with words',
    single('text/html', `<pre>${armor(sessionKey)}</pre><p>hello</p>`),
    false,
  ],
  ['a PGP message that holds text', single('text/plain', armor(literal)), false],
  ['a PGP message that is compressed', single('text/plain', armor(compressed)), false],
  [
    'inline PGP and an encrypted attachment',
    multipart('mixed', ['Content-Type: text/plain', '', armor(sessionKey)], encrypted),
    true,
  ],
  [
    'inline PGP and a readable attachment',
    multipart(
      'mixed',
      ['Content-Type: text/plain', '', armor(sessionKey)],
      ['Content-Type: text/csv', '', 'a,b'],
    ),
    false,
  ],
  [
    'binary PGP by its name',
    single('application/octet-stream; name=message.gpg', sessionKey, base64Field),
    true,
  ],
  ['a clear-signed text', single('text/plain', '-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nx'), false],
  ['a public key', single('application/pgp-keys', '-----BEGIN PGP PUBLIC KEY BLOCK-----'), false],
  [
    'S/MIME enveloped',
    single('application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m', enveloped, base64Field),
    true,
  ],
  [
    'S/MIME enveloped, the old name',
    single('application/x-pkcs7-mime; name=smime.p7m', enveloped, base64Field),
    true,
  ],
  ['S/MIME enveloped, no smime-type', single('application/pkcs7-mime', enveloped, base64Field), true],
  [
    'S/MIME auth-enveloped',
    single('application/pkcs7-mime; smime-type=authEnveloped-data', authEnveloped, base64Field),
    true,
  ],
  ['S/MIME encrypted-data', single('application/pkcs7-mime', encryptedData, base64Field), true],
  ['S/MIME signed', single('application/pkcs7-mime; smime-type=signed-data', signedData, base64Field), false],
  [
    'S/MIME signed that says it is enveloped',
    single('application/pkcs7-mime; smime-type=enveloped-data', signedData, base64Field),
    false,
  ],
  [
    'S/MIME compressed',
    single('application/pkcs7-mime; smime-type=compressed-data', compressedData, base64Field),
    false,
  ],
  [
    'S/MIME by the name of its file',
    single('application/octet-stream; name=smime.p7m', enveloped, base64Field),
    true,
  ],
  [
    'S/MIME by the name of its attachment, in mixed',
    multipart('mixed', empty, [
      'Content-Type: application/octet-stream',
      'Content-Disposition: attachment; filename="smime.p7m"',
      base64Field,
      '',
      enveloped,
    ]),
    true,
  ],
  ['a text that is called smime.p7m', single('text/plain; name=smime.p7m', 'just text'), false],
  [
    'encrypted within a signature',
    multipart(
      'signed; protocol="application/pkcs7-signature"',
      ['Content-Type: application/pkcs7-mime', base64Field, '', enveloped],
      ['Content-Type: application/pkcs7-signature', base64Field, '', signedData],
    ),
    true,
  ],
  ['signed alone', signed, false],
  [
    'an encrypted message, forwarded',
    single('message/rfc822', `Subject: fwd\r\n\r\n${armor(sessionKey)}`),
    false,
  ],
  ['nothing at all', lines(...head, ''), false],
]
