// The demo's mail: three messages with words that stand nowhere else, and a fourth for the locked mailbox.

export interface DemoMessage {
  readonly from: string
  /** As it is handed to the server: CRLF line ends. */
  readonly bytes: Buffer
  /** Of sender, subject, body and attachment: what must not be readable on the disk. */
  readonly words: readonly string[]
}

function message(from: string, words: readonly string[], lines: readonly string[]): DemoMessage {
  return { from, words, bytes: Buffer.from([...lines, ''].join('\r\n'), 'utf8') }
}

const plain = message(
  'rosalind@thistledown.example',
  ['Rosalind', 'Quickthorn', 'thistledown', 'Marmalade', 'periwinkle', 'Saltwater'],
  [
    'From: Rosalind Quickthorn <rosalind@thistledown.example>',
    'To: Alice <alice@localhost>',
    'Subject: Marmalade on Thursday',
    'Date: Thu, 12 Mar 2026 09:15:00 +0100',
    'Message-ID: <1@thistledown.example>',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'Dear Alice,',
    '',
    'the key is under the periwinkle pot, as ever. Bring the Saltwater papers',
    'with you, and tell nobody.',
    '',
    'Rosalind',
  ],
)

const accented = message(
  'jurgen@grunspan.example',
  ['Grünspan', 'Überraschungsfest', 'Nachtzügler', 'grunspan.example'],
  [
    'From: =?utf-8?Q?J=C3=BCrgen_Gr=C3=BCnspan?= <jurgen@grunspan.example>',
    'To: alice@localhost',
    'Subject: =?utf-8?Q?=C3=9Cberraschungsfest?=',
    'Date: Fri, 13 Mar 2026 18:02:11 +0100',
    'Message-ID: <2@grunspan.example>',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Der letzte Nachtz=C3=BCgler f=C3=A4hrt um halb eins; alles andere bleibt unter u=',
    'ns.',
  ],
)

const attachmentText = 'Ledger of the Honeysuckle account: everything to Wolfsbane.\n'

const attached = message(
  'ledger@wolfsbane.example',
  ['wolfsbane', 'Honeysuckle', 'Ledgerbook', 'Bitterroot'],
  [
    'From: ledger@wolfsbane.example',
    'To: alice@localhost',
    'Subject: Bitterroot, with attachment',
    'Date: Sat, 14 Mar 2026 07:00:00 +0000',
    'Message-ID: <3@wolfsbane.example>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="b0"',
    '',
    '--b0',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<p>See the <b>Ledgerbook</b>.</p>',
    '--b0',
    'Content-Type: application/octet-stream; name="Ledgerbook.txt"',
    'Content-Disposition: attachment; filename="Ledgerbook.txt"',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(attachmentText, 'utf8').toString('base64'),
    '--b0--',
  ],
)

/** Delivered before at-rest encryption is turned on: they are sealed anew. */
export const firstMessages: readonly DemoMessage[] = [plain, accented, attached]

/** Delivered when nobody is logged in and nobody has given a password. */
export const lateMessage: DemoMessage = message(
  'night@foxglove.example',
  ['Foxglove', 'Candlewick', 'Moonraker'],
  [
    'From: Night Post <night@foxglove.example>',
    'To: alice@localhost',
    'Subject: Candlewick',
    'Date: Sun, 15 Mar 2026 03:30:00 +0000',
    'Message-ID: <4@foxglove.example>',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'Moonraker sails without lights.',
  ],
)

export const demoMessages: readonly DemoMessage[] = [...firstMessages, lateMessage]
