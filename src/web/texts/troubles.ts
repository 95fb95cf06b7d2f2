// What an import left behind, in German: the reasons that transfer/ gives in English, whole sentences or their beginnings.
const german: readonly (readonly [english: string, german: string])[] = [
  ['is no mail, and was left alone', 'ist keine Post und wurde nicht übernommen'],
  [
    'is no mail, but what its mail program keeps for itself',
    'ist keine Post, sondern etwas, das sich das Mailprogramm merkt',
  ],
  ['the file does not begin as an mbox does', 'die Datei beginnt nicht wie eine mbox-Datei'],
  [
    'does not begin as an mbox does, and was left alone',
    'beginnt nicht wie eine mbox-Datei und wurde nicht übernommen',
  ],
  [
    'is no file, but a link or a device, and is not followed',
    'ist keine Datei, sondern ein Verweis oder ein Gerät; dem wird nicht gefolgt',
  ],
  ['is a symbolic link, which is not followed', 'ist ein symbolischer Verweis; dem wird nicht gefolgt'],
  ['is no regular file', 'ist keine gewöhnliche Datei'],
  [
    'the archive is damaged, or is cut off: what could be read of it was taken',
    'das Archiv ist beschädigt oder abgeschnitten: Was sich lesen ließ, wurde übernommen',
  ],
  [
    'is larger than this server takes (the setting limits.message_size)',
    'ist größer, als dieser Server annimmt (die Einstellung limits.message_size)',
  ],
  [
    'was taken without its keywords: the mailbox has as many as it can',
    'wurde ohne Schlagwörter übernommen: Der Ordner hat so viele, wie er haben kann',
  ],
  [
    'is no flag that IMAP has, and was left out',
    'ist keine Markierung, die es bei IMAP gibt, und wurde weggelassen',
  ],
  [
    'went away or were moved by somebody else before they were read back',
    'wurden von jemand anderem gelöscht oder verschoben, bevor sie zurückgelesen wurden',
  ],
  ['is encrypted: pack it without a password', 'ist verschlüsselt: Packen Sie es ohne Passwort'],
  ['is packed in a way that is not read here', 'ist so gepackt, dass es hier nicht gelesen wird'],
  ['is damaged in the archive', 'ist im Archiv beschädigt'],
  [
    'has a name that leads out of the archive, or is too long',
    'hat einen Namen, der aus dem Archiv hinausführt oder zu lang ist',
  ],
  ['is there twice', 'ist doppelt da'],
  [
    'lies below a file, or there are too many files',
    'liegt unter einer Datei, oder es sind zu viele Dateien',
  ],
]

/** An archive that is not read names its packer. */
const packed = /^is (.+), which is not read here: pack it as zip or tar\.gz$/

/** undefined: there is no German for it. */
export function troubleInGerman(reason: string): string | undefined {
  const packer = packed.exec(reason)?.[1]
  if (packer !== undefined)
    return `ist ${packer.replace('an Outlook data file', 'eine Outlook-Datendatei')}, was hier nicht gelesen wird: Packen Sie es als zip oder tar.gz`
  return german.find(([english]) => english === reason)?.[1]
}
