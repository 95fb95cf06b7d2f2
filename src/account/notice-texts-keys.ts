// What the server writes to owners about the keys of their own that mail is sealed to; in both languages, as in notice-texts.ts.
import type { Entry } from '../base/language.ts'

export const ownKeyTexts = {
  'keysSwapped.subject': [
    'Mail for you is being refused: your own keys were tampered with',
    'Post für Sie wird abgewiesen: An Ihren eigenen Schlüsseln wurde etwas verändert',
  ],
  'keysSwapped.text': [
    `The record of the keys that mail for you is sealed to is missing, or is not the one that you gave. Somebody with access to the disk of this server may have changed it, or an older copy of the disk was put back. Mail for you is refused for the time being, and its senders try again for some days: nothing was stored that was meant to be sealed.

Tell your administrator. They see the same in the log of the server and in its audit log.`,
    `Das Verzeichnis der Schlüssel, an die Ihre Post versiegelt wird, fehlt oder ist nicht das, das Sie angegeben haben. Jemand mit Zugang zur Platte dieses Servers kann es verändert haben, oder eine ältere Kopie der Platte wurde zurückgespielt. Post für Sie wird vorerst abgewiesen, und die Absender versuchen es einige Tage lang wieder: Es wurde nichts gespeichert, was versiegelt werden sollte.

Sagen Sie es Ihrer Verwaltung. Sie sieht dasselbe im Protokoll des Servers und in seinem Prüfprotokoll.`,
  ],
  'keyTest.subject': ['A test of your own key', 'Ein Test Ihres eigenen Schlüssels'],
  'keyTest.text': [
    `This message was sealed to your own keys before it was stored, as mail for you is.

When you can read it, your program has the private key: everything is as it should be.`,
    `Diese Nachricht wurde an Ihre eigenen Schlüssel versiegelt, bevor sie gespeichert wurde, wie alle Post für Sie.

Können Sie sie lesen, hat Ihr Programm den privaten Schlüssel: Alles ist, wie es sein soll.`,
  ],
  'key.openpgp': ['OpenPGP key', 'OpenPGP-Schlüssel'],
  'key.smime': ['S/MIME certificate', 'S/MIME-Zertifikat'],
  'key.withinDay': ['within a day', 'innerhalb eines Tages'],
  'key.inDays': ['in {days} days', 'in {days} Tagen'],
  'keyExpires.subject': ['Your {kind} expires {left}', 'Ihr {kind} läuft {left} ab'],
  'keyExpires.text': [
    `The {kind} that mail for you is sealed to expires on {day}:

{key}

{then}

{advice}`,
    `Ihr {kind} läuft am {day} ab. Post für Sie wird daran versiegelt:

{key}

{then}

{advice}`,
  ],
  'keyExpired.subject': ['Your {kind} has expired', 'Ihr {kind} ist abgelaufen'],
  'keyExpired.subjectRefused': [
    'Your {kind} has expired: mail for you is being refused',
    'Ihr {kind} ist abgelaufen: Post für Sie wird abgewiesen',
  ],
  'keyExpired.subjectUnsealed': [
    'Your {kind} has expired: mail is not sealed to it any more',
    'Ihr {kind} ist abgelaufen: Post wird nicht mehr daran versiegelt',
  ],
  'keyExpired.text': [
    `The {kind} that mail for you is sealed to expired on {day}:

{key}

{then}

{advice}`,
    `Ihr {kind} ist am {day} abgelaufen. Post für Sie wurde daran versiegelt:

{key}

{then}

{advice}`,
  ],
  'keyExpires.others': [
    'Mail will then be sealed to the other keys of yours alone.',
    'Post wird dann nur noch an Ihre anderen Schlüssel versiegelt.',
  ],
  'keyExpires.refused': [
    'It is the only one: mail for you will then be refused for the time being, and its senders try again for some days.',
    'Etwas anderes haben Sie hier nicht angegeben: Post für Sie wird dann vorerst abgewiesen, und die Absender versuchen es einige Tage lang wieder.',
  ],
  'keyExpires.unsealed': [
    'It is the only one: mail for you will then be stored without that seal, marked.',
    'Etwas anderes haben Sie hier nicht angegeben: Post für Sie wird dann ohne dieses Siegel gespeichert und gekennzeichnet.',
  ],
  'keyExpired.others': [
    'Mail is sealed to the other keys of yours alone.',
    'Post wird nur noch an Ihre anderen Schlüssel versiegelt.',
  ],
  'keyExpired.refused': [
    'It is the only one: mail for you is refused for the time being, and its senders try again for some days.',
    'Etwas anderes haben Sie hier nicht angegeben: Post für Sie wird vorerst abgewiesen, und die Absender versuchen es einige Tage lang wieder.',
  ],
  'keyExpired.unsealed': [
    'It is the only one: mail for you is stored without that seal, marked.',
    'Etwas anderes haben Sie hier nicht angegeben: Post für Sie wird ohne dieses Siegel gespeichert und gekennzeichnet.',
  ],
  'key.advice': [
    `Give the server a new key, or the same one with a later end:

    letterlock atrest pubkey add {address} FILE

or on the web page of your account under "OpenPGP and S/MIME".`,
    `Geben Sie dem Server einen neuen Schlüssel oder denselben mit einem späteren Ende:

    letterlock atrest pubkey add {address} DATEI

oder auf der Webseite Ihres Kontos unter „OpenPGP und S/MIME“.`,
  ],
  'key.askAdmin': ['Your administrator can say why.', 'Ihre Verwaltung kann sagen, warum.'],
  'keyTrouble.subjectRefused': ['Mail for you is being refused', 'Post für Sie wird abgewiesen'],
  'keyTrouble.subjectUnsealed': [
    'Mail is not sealed to your own key any more',
    'Post wird nicht mehr an Ihren eigenen Schlüssel versiegelt',
  ],
  'keyTrouble.text': [
    `Mail for you cannot be sealed to your own keys: {reason}.

{does}

{advice}`,
    `Post für Sie kann nicht an Ihre eigenen Schlüssel versiegelt werden: {reason}.

{does}

{advice}`,
  ],
  'keyTrouble.refused': [
    'New mail is refused for the time being, and its senders try again for some days. After that it goes back to them.',
    'Neue Post wird vorerst abgewiesen, und die Absender versuchen es einige Tage lang wieder. Danach geht sie an sie zurück.',
  ],
  'keyTrouble.unsealed': [
    'New mail is stored under the seal of your account alone, and marked by a header field.',
    'Neue Post wird nur unter dem Siegel Ihres Kontos gespeichert und durch ein Kopffeld gekennzeichnet.',
  ],
  'keyTrouble.no-usable-key': ['every key has expired', 'Alle Schlüssel sind abgelaufen'],
  'keyTrouble.refused-by-key': [
    'nothing can be sealed to the keys any more',
    'An die Schlüssel lässt sich nichts mehr versiegeln',
  ],
  'keyTrouble.switched-off': [
    'the site has switched sealing off',
    'Der Server hat dieses Versiegeln abgeschaltet',
  ],
} as const satisfies Record<string, Entry>
