// What the server writes to owners, English and German side by side; {names} are filled in. Lines that begin with blanks stay as they are, others are filled.
import type { Entry } from '../base/language.ts'
import { ownKeyTexts } from './notice-texts-keys.ts'

const about = {
  'mail.sender': ['Mail server', 'Mailserver'],
  'enrolled.subject': [
    'Your mail is now encrypted on the server',
    'Ihre Post ist jetzt auf dem Server verschlüsselt',
  ],
  'enrolled.text': [
    `Hello,

from now on your mail is kept encrypted on the server, and your password is the key to it. Nothing changes in your mail program. Mail that was here before is being encrypted now; you can go on using it meanwhile.

PLEASE GET YOUR RECOVERY CODE.

If you forget your password, nobody can read your mail any more, the operator of this server included. A recovery code opens it then, and you do not have one yet. You get it on the web page of your account, or from your administrator, who runs

    letterlock atrest code regenerate {address}

with you: it asks for your password. Print the code or write it down, and keep it where you keep other important papers.

This message was written by the server. It does not ask you for your password, and nobody who does so by mail is to be trusted.`,
    `Guten Tag,

ab jetzt liegt Ihre Post verschlüsselt auf dem Server, und Ihr Passwort ist der Schlüssel dazu. In Ihrem Mailprogramm ändert sich nichts. Die Post, die schon da war, wird gerade verschlüsselt; Sie können sie währenddessen benutzen.

BITTE HOLEN SIE SICH IHREN WIEDERHERSTELLUNGSCODE.

Wenn Sie Ihr Passwort vergessen, kann niemand mehr Ihre Post lesen, auch nicht, wer diesen Server betreibt. Ein Wiederherstellungscode öffnet sie dann, und Sie haben noch keinen. Sie bekommen ihn auf der Webseite Ihres Kontos oder von Ihrer Verwaltung, die mit Ihnen

    letterlock atrest code regenerate {address}

aufruft: Das fragt nach Ihrem Passwort. Drucken Sie den Code oder schreiben Sie ihn auf, und bewahren Sie ihn bei Ihren anderen wichtigen Papieren auf.

Diese Nachricht hat der Server geschrieben. Sie fragt Sie nicht nach Ihrem Passwort, und wer das per Mail tut, dem ist nicht zu trauen.`,
  ],
  'recovered.subject': [
    'Your password was set with the recovery code',
    'Ihr Passwort wurde mit dem Wiederherstellungscode gesetzt',
  ],
  'recovered.text': [
    `On {at} somebody set a new password for this account with its recovery code. The code was used up, and a new one was shown.

If that was not you, change your password at once and get a new recovery code.`,
    `Am {at} hat jemand mit dem Wiederherstellungscode ein neues Passwort für dieses Konto gesetzt. Der Code ist verbraucht, und ein neuer wurde gezeigt.

Waren Sie das nicht, ändern Sie sofort Ihr Passwort und lassen Sie sich einen neuen Wiederherstellungscode geben.`,
  ],
  'recoveryBegun.subject': [
    'Somebody wants to set a new password with your recovery code',
    'Jemand will mit Ihrem Wiederherstellungscode Ihr Passwort setzen',
  ],
  'recoveryBegun.text': [
    `Somebody gave the recovery code of this account. Unless it is cancelled, a new password can be set with it after {readyAt}.

If that is you, you need do nothing. If it is not, cancel it with your password, on the web page or with

    letterlock atrest cancel-recovery {address}
{link}
and get a new recovery code: somebody has yours.`,
    `Jemand hat den Wiederherstellungscode dieses Kontos eingegeben. Wird es nicht abgesagt, kann damit nach dem {readyAt} ein neues Passwort gesetzt werden.

Sind Sie das selbst, müssen Sie nichts tun. Sind Sie es nicht, sagen Sie es mit Ihrem Passwort ab, auf der Webseite oder mit

    letterlock atrest cancel-recovery {address}
{link}
und lassen Sie sich einen neuen Wiederherstellungscode geben: Jemand hat Ihren.`,
  ],
  'recoveryBegun.link': [
    `
or open this link:

    {link}
`,
    `
oder öffnen Sie diesen Link:

    {link}
`,
  ],
  'codeRenewed.subject': ['Your recovery code is new', 'Ihr Wiederherstellungscode ist neu'],
  'codeRenewed.text': [
    `On {at} this account got a new recovery code. Codes from before open nothing any more. If you did not ask for it, change your password at once.`,
    `Am {at} hat dieses Konto einen neuen Wiederherstellungscode bekommen. Codes von vorher öffnen nichts mehr. Haben Sie ihn nicht verlangt, ändern Sie sofort Ihr Passwort.`,
  ],
  'code.subject': ['Your recovery code', 'Ihr Wiederherstellungscode'],
  'code.text': [
    `The recovery code of {address}, of {at}:

    {secret}

Print it or write it down, and delete this message: whoever reads it can open your mail. It sets a new password when you have forgotten yours, once.`,
    `Der Wiederherstellungscode von {address}, vom {at}:

    {secret}

Drucken Sie ihn oder schreiben Sie ihn auf, und löschen Sie diese Nachricht: Wer sie liest, kann Ihre Post öffnen. Er setzt ein neues Passwort, wenn Sie Ihres vergessen haben, einmal.`,
  ],
  'passwordLocked.subject': [
    'A password was set that does not open your mail',
    'Es wurde ein Passwort gesetzt, das Ihre Post nicht öffnet',
  ],
  'passwordLocked.text': [
    `On {at} an administrator set a new login password for this account, without the key to your mail. Your old password and your recovery code still open it.`,
    `Am {at} hat die Verwaltung ein neues Anmeldepasswort für dieses Konto gesetzt, ohne den Schlüssel zu Ihrer Post. Ihr altes Passwort und Ihr Wiederherstellungscode öffnen sie noch.`,
  ],
  'locked.subject': [
    'Your mail is locked - what happened and what to do',
    'Ihre Post ist verschlossen - was geschehen ist und was zu tun ist',
  ],
  'locked.text': [
    `An administrator set a new password for this account. Your mail is encrypted on this server with your old password, so the new one lets you in, but it does not open your mail.

NOTHING IS LOST, and new mail keeps arriving. Your folders are not empty: they cannot be shown. Do not remove the account from your mail program.

To open your mail again you need ONE of these:

  - your old password, or
  - your recovery code (seven groups of four letters and digits).

Sign in on the web page of your account and enter it there, or ask your administrator to run this with you, which asks for it:

    letterlock atrest unlock-mail {address}

The password that you type as the new one is the password from then on. If you did not ask for a new password, ask the administrator why it was set; your old password still opens your mail.

If you have neither the old password nor the recovery code, and this server has no admin recovery key, nobody can open what was there before.`,
    `Die Verwaltung hat ein neues Passwort für dieses Konto gesetzt. Ihre Post ist auf diesem Server mit Ihrem alten Passwort verschlüsselt; das neue lässt Sie ein, öffnet die Post aber nicht.

NICHTS IST VERLOREN, und neue Post kommt weiter an. Ihre Ordner sind nicht leer: Sie können nur nicht gezeigt werden. Entfernen Sie das Konto nicht aus Ihrem Mailprogramm.

Um Ihre Post wieder zu öffnen, brauchen Sie EINES davon:

  - Ihr altes Passwort oder
  - Ihren Wiederherstellungscode (sieben Gruppen aus vier Buchstaben und Ziffern).

Melden Sie sich auf der Webseite Ihres Kontos an und geben Sie es dort ein, oder bitten Sie Ihre Verwaltung, mit Ihnen dies aufzurufen, das danach fragt:

    letterlock atrest unlock-mail {address}

Das Passwort, das Sie als neues eintippen, gilt von da an. Haben Sie kein neues Passwort verlangt, fragen Sie die Verwaltung, warum es gesetzt wurde; Ihr altes öffnet Ihre Post noch.

Haben Sie weder das alte Passwort noch den Wiederherstellungscode, und hat dieser Server keinen Wiederherstellungsschlüssel der Verwaltung, dann kann niemand öffnen, was vorher da war.`,
  ],
  'resetByAdmin.subject': [
    'Your password was reset by an administrator',
    'Ihr Passwort wurde von der Verwaltung neu gesetzt',
  ],
  'resetByAdmin.text': [
    `On {at} an administrator set a new password for this account with the admin recovery key of this server. Your mail was not changed.

If you did not ask for this, ask the administrator why it was done. It is also in the list of what was done to your keys, which the server keeps for you.`,
    `Am {at} hat die Verwaltung mit ihrem Wiederherstellungsschlüssel ein neues Passwort für dieses Konto gesetzt. Ihre Post wurde nicht verändert.

Haben Sie das nicht verlangt, fragen Sie die Verwaltung, warum es geschah. Es steht auch im Verlauf Ihrer Schlüssel, den der Server für Sie führt.`,
  ],
  'decryptedByAdmin.subject': [
    'Your mail was decrypted by an administrator',
    'Ihre Post wurde von der Verwaltung entschlüsselt',
  ],
  'decryptedByAdmin.text': [
    `On {at} an administrator turned off the at-rest encryption of this account with the admin recovery key of this server. The server can read your mail from now on.

If you did not ask for this, ask the administrator why it was done. It is also in the list of what was done to your keys, which the server keeps for you.`,
    `Am {at} hat die Verwaltung mit ihrem Wiederherstellungsschlüssel die Verschlüsselung dieses Kontos ausgeschaltet. Der Server kann Ihre Post ab jetzt lesen.

Haben Sie das nicht verlangt, fragen Sie die Verwaltung, warum es geschah. Es steht auch im Verlauf Ihrer Schlüssel, den der Server für Sie führt.`,
  ],
  'noMoreHere.subject': [
    'Notices about your mailbox come here no more',
    'Nachrichten über Ihr Postfach kommen nicht mehr hierher',
  ],
  'noMoreHere.text': [
    `On {at} this address was taken out of the account {address}.

If that was not you, sign in, change your password, and look at the history there.`,
    `Am {at} wurde diese Adresse aus dem Konto {address} herausgenommen.

Waren Sie das nicht, melden Sie sich an, ändern Sie Ihr Passwort und sehen Sie dort in den Verlauf.`,
  ],
  'alsoHere.subject': [
    'Notices about your mailbox come here, too',
    'Nachrichten über Ihr Postfach kommen auch hierher',
  ],
  'alsoHere.text': [
    `Since {at} notices about the keys of the account {address} come to this address as well.

If you do not know that account, somebody mistyped an address: tell them, or delete this.`,
    `Seit dem {at} kommen Nachrichten über die Schlüssel des Kontos {address} auch an diese Adresse.

Kennen Sie dieses Konto nicht, hat sich jemand vertippt: Sagen Sie es ihm, oder löschen Sie dies.`,
  ],
} as const satisfies Record<string, Entry>

const all = { ...about, ...ownKeyTexts }

export type NoticeKey = keyof typeof all

/** Notices that are one subject and one text. */
export type NoticeName = {
  [Key in NoticeKey]: Key extends `${infer Name}.subject`
    ? `${Name}.text` extends NoticeKey
      ? Name
      : never
    : never
}[NoticeKey]

export const noticeTexts: Readonly<Record<NoticeKey, Entry>> = all
