// Texts of waiting recoveries, rollbacks, new keys, older mail sealed to one's own keys, and of what opens the mail.
import type { Entry } from './catalogue.ts'

export const upkeepTexts = {
  'cancel.title': ['Cancel a recovery', 'Wiederherstellung absagen'],
  'cancel.lead': [
    'Somebody gave the recovery code of {address} and waits to set a new password with it.',
    'Jemand hat den Wiederherstellungscode von {address} eingegeben und wartet darauf, damit ein neues Passwort zu setzen.',
  ],
  'cancel.text': [
    'If that is you, close this page: nothing is to be done. If it is not, cancel it, sign in, and get a new recovery code: somebody has yours.',
    'Sind Sie das selbst, schließen Sie diese Seite: Es ist nichts zu tun. Sind Sie es nicht, sagen Sie ab, melden Sie sich an und lassen Sie sich einen neuen Wiederherstellungscode geben: Jemand hat Ihren.',
  ],
  'cancel.submit': ['Cancel the recovery', 'Wiederherstellung absagen'],
  'cancel.notValid': ['This link does not work', 'Dieser Link wirkt nicht'],
  'cancel.notValidText': [
    'It was used already, is too old, or was not copied whole. Sign in: the overview says whether a recovery is waiting.',
    'Er wurde schon benutzt, ist zu alt oder wurde nicht ganz kopiert. Melden Sie sich an: Die Übersicht sagt, ob eine Wiederherstellung wartet.',
  ],
  'cancelled.title': ['The recovery is cancelled', 'Die Wiederherstellung ist abgesagt'],
  'cancelled.text': [
    'Nobody can set a new password with the code for now. Get a new recovery code: somebody has the old one.',
    'Niemand kann jetzt mit dem Code ein neues Passwort setzen. Lassen Sie sich einen neuen Wiederherstellungscode geben: Jemand hat den alten.',
  ],
  'waiting.page': ['Waiting recovery', 'Wartende Wiederherstellung'],
  'waiting.title': ['A recovery is waiting', 'Eine Wiederherstellung wartet'],
  'waiting.text': [
    'Somebody gave your recovery code. Unless it is cancelled, a new password can be set with it after {when}. If that is not you, cancel it now.',
    'Jemand hat Ihren Wiederherstellungscode eingegeben. Wird es nicht abgesagt, kann damit nach dem {when} ein neues Passwort gesetzt werden. Sind Sie das nicht, sagen Sie jetzt ab.',
  ],
  'waiting.nothing': ['No recovery is waiting.', 'Es wartet keine Wiederherstellung.'],
  'rollback.lead': [
    'This mailbox was put back to an older state, as from a backup. Nobody is let in before you say that this was meant: what has come or was changed since is missing.',
    'Dieses Postfach wurde auf einen älteren Stand zurückgesetzt, wie aus einer Sicherung. Niemand wird eingelassen, bevor Sie sagen, dass das gewollt war: Was seither kam oder geändert wurde, fehlt.',
  ],
  'rollback.ask': [
    'If nobody told you why, ask your administrator first. A password or an app password that you revoked since may be valid again: renew them afterwards.',
    'Hat Ihnen niemand gesagt, warum, fragen Sie zuerst Ihre Verwaltung. Ein Passwort oder App-Passwort, das Sie seither widerrufen haben, kann wieder gelten: Erneuern Sie sie danach.',
  ],
  'rollback.understood': [
    'I know why, and I want to go on with the older state.',
    'Ich weiß, warum, und will mit dem älteren Stand weitermachen.',
  ],
  'rollback.doneTitle': ['The older state is meant', 'Der ältere Stand ist gewollt'],
  'rollback.more': ['What to do about it', 'Was zu tun ist'],
  'renew.title': ['Renew keys', 'Schlüssel erneuern'],
  'renew.lead': [
    'New keys for your mailbox. Useful when somebody may have got hold of an old password together with a copy of the disk.',
    'Neue Schlüssel für Ihr Postfach. Nützlich, wenn jemand an ein altes Passwort samt einer Kopie der Platte gekommen sein könnte.',
  ],
  'renew.means.1': [
    'Your password, your recovery code and your app passwords stay the same.',
    'Ihr Passwort, Ihr Wiederherstellungscode und Ihre App-Passwörter bleiben dieselben.',
  ],
  'renew.means.2': [
    'Your mail programs go on without a change while it is done.',
    'Ihre Mailprogramme laufen währenddessen unverändert weiter.',
  ],
  'renew.means.3': [
    'What somebody has copied before can still be opened with what they have.',
    'Was jemand vorher kopiert hat, lässt sich mit dem, was er hat, weiterhin öffnen.',
  ],
  'renew.which': ['What gets new keys', 'Was neue Schlüssel bekommt'],
  'renew.keys': [
    'The mailbox: flags, subjects, structure, and the keys of all messages (quick)',
    'Das Postfach: Markierungen, Betreffzeilen, Aufbau und die Schlüssel aller Nachrichten (schnell)',
  ],
  'renew.all': [
    'The text of every message as well: everything is encrypted anew (takes as long as there is mail)',
    'Auch der Text jeder Nachricht: Alles wird neu verschlüsselt (dauert, je nachdem, wie viel Post da ist)',
  ],
  'renew.submit': ['Renew my keys', 'Meine Schlüssel erneuern'],
  'sealOlder.title': ['Seal older mail', 'Ältere Post versiegeln'],
  'sealOlder.lead': [
    'Mail that came before you gave your key can be sealed to it too.',
    'Auch Post, die vor Ihrem Schlüssel kam, kann an ihn versiegelt werden.',
  ],
  'sealOlder.means.1': [
    'Nobody can undo this without your private key; neither this server nor your administrator.',
    'Das kann niemand ohne Ihren privaten Schlüssel rückgängig machen; weder dieser Server noch Ihre Verwaltung.',
  ],
  'sealOlder.means.2': [
    'The server cannot search these messages any more, and mail programs load them again.',
    'Der Server kann diese Nachrichten nicht mehr durchsuchen, und Mailprogramme laden sie neu.',
  ],
  'sealOlder.means.3': [
    'Dates, flags and folders stay. Mail that is sealed already is left alone.',
    'Daten, Markierungen und Ordner bleiben. Was schon versiegelt ist, bleibt, wie es ist.',
  ],
  'sealOlder.understood': [
    'I have tested that my mail program opens sealed mail, and I have a copy of my private key.',
    'Ich habe geprüft, dass mein Mailprogramm versiegelte Post öffnet, und habe eine Kopie meines privaten Schlüssels.',
  ],
  'sealOlder.submit': ['Seal my older mail', 'Meine ältere Post versiegeln'],
  'sealOlder.begun': ['It has begun.', 'Es hat begonnen.'],
  'sealOlder.running': ['Your older mail is being sealed.', 'Ihre ältere Post wird versiegelt.'],
  'sealOlder.noKey': [
    'Add a key that mail can be sealed to first.',
    'Fügen Sie zuerst einen Schlüssel hinzu, an den versiegelt werden kann.',
  ],
  'sealOlder.back': ['To your keys', 'Zu Ihren Schlüsseln'],
  'ways.title': ['What opens your mail', 'Was Ihre Post öffnet'],
  'ways.lead': [
    'Each of these opens your mail by itself. The list is sealed too: your password opens it.',
    'Jedes davon öffnet Ihre Post für sich allein. Auch die Liste ist versiegelt: Ihr Passwort öffnet sie.',
  ],
  'ways.show': ['Show the list', 'Liste zeigen'],
  'ways.id': ['Known by', 'Kennung'],
  'ways.password': ['Main password', 'Hauptpasswort'],
  'ways.password.hint': ['The one you sign in with here.', 'Das, mit dem Sie sich hier anmelden.'],
  'ways.recovery': ['Recovery code', 'Wiederherstellungscode'],
  'ways.recovery.hint': ['The one on your sheet.', 'Der auf Ihrem Blatt.'],
  'ways.server': ['This server', 'Dieser Server'],
  'ways.server.hint': [
    'Encryption is off: the server can open your mail.',
    'Die Verschlüsselung ist aus: Der Server kann Ihre Post öffnen.',
  ],
  'ways.app': ['App password', 'App-Passwort'],
  'ways.app.hint': ['Revoke it under “App passwords”.', 'Widerrufen Sie es unter „App-Passwörter“.'],
  'ways.escrow': ['Recovery key of the administrators', 'Wiederherstellungsschlüssel der Verwaltung'],
  'ways.escrow.hint': [
    'Your administrators can open your mail with it. If they ever do, your history says so.',
    'Damit kann Ihre Verwaltung Ihre Post öffnen. Tut sie es je, steht es in Ihrem Verlauf.',
  ],
  'ways.scram': ['Main password, without being shown', 'Hauptpasswort, ohne es zu zeigen'],
  'ways.scram.hint': [
    'For mail programs that prove your password without sending it (SCRAM). It goes when you change the password, and is made again.',
    'Für Mailprogramme, die Ihr Passwort beweisen, ohne es zu senden (SCRAM). Es verschwindet mit dem Passwort und wird für ein neues neu angelegt.',
  ],
  'ways.close': ['Close one of them', 'Eines davon schließen'],
  'ways.closeText': [
    'Without a recovery code, a forgotten password means that the mail is lost.',
    'Ohne Wiederherstellungscode ist die Post verloren, wenn Sie das Passwort vergessen.',
  ],
  'ways.which': ['Which one', 'Welches'],
  'ways.choose': ['Choose which one first.', 'Wählen Sie zuerst, welches.'],
  'ways.closeSubmit': ['Close it for good', 'Endgültig schließen'],
  'ways.closed': ['It opens your mail no more.', 'Es öffnet Ihre Post nicht mehr.'],
} as const satisfies Record<string, Entry>
