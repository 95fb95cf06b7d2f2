// The message that has the word everywhere a message can have it.

/** Lines of `line`, as many as make `sizeBytes`. */
function filled(line: string, sizeBytes: number): Buffer {
  return Buffer.from(`${line}\r\n`.repeat(Math.ceil(sizeBytes / (line.length + 2))))
}

function base64Lines(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{76}/g, '$&\r\n')
}

/**
 * A message with the word in subject, sender, recipient's name, body, attachment's name and attachment, plain, as encoded
 * words, quoted-printable, base64 and UTF-16. `sizeBytes` is about its size.
 */
export function canaryMessage(word: string, sizeBytes: number): Buffer {
  const attachment = filled(`${word}Attachment, and more of the same`, (sizeBytes * 57) / 78)
  const utf16 = Buffer.from(`${word}Sixteen `.repeat(20), 'utf16le')
  const lines = [
    `From: "${word}Sender" <${word}Sender@sender.test>`,
    `To: "${word}Recipient" <canary@example.org>`,
    `Subject: ${word}Subject =?utf-8?B?${Buffer.from(`${word}Wörd`).toString('base64')}?= =?utf-8?Q?${word}W=C3=B6rd?=`,
    `Message-ID: <${word}Id@sender.test>`,
    `X-${word}Field: yes`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${word}Boundary"`,
    '',
    `${word}Preamble`,
    `--${word}Boundary`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    `${word}Body and ${word}B=C3=B6dy`,
    `--${word}Boundary`,
    'Content-Type: text/plain; charset=utf-16le',
    'Content-Transfer-Encoding: base64',
    '',
    base64Lines(utf16),
    `--${word}Boundary`,
    `Content-Type: application/octet-stream; name="${word}Name.bin"`,
    `Content-Disposition: attachment; filename="${word}Name.bin"`,
    'Content-Transfer-Encoding: base64',
    '',
    base64Lines(attachment),
    `--${word}Boundary--`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}
