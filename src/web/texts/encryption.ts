// Texts of turning encryption on and off, and of the recovery code.
import type { Entry } from './catalogue.ts'

export const encryptionTexts = {
  'job.label': ['Progress', 'Fortschritt'],
  'job.words': ['{done} of {total} messages', '{done} von {total} Nachrichten'],
  'turnOn.menu': ['Turn encryption on', 'Verschlüsselung einschalten'],
  'turnOn.title': ['Turn encryption on', 'Verschlüsselung einschalten'],
  'turnOn.lead': [
    'Your mail will be sealed so that only your password opens it. Your mail programs go on as before.',
    'Ihre Post wird so versiegelt, dass nur Ihr Passwort sie öffnet. Ihre Mailprogramme arbeiten weiter wie bisher.',
  ],
  'turnOn.means': ['What it means', 'Was das bedeutet'],
  'turnOn.means.1': [
    'New mail is sealed the moment it arrives. It opens only while you are logged in.',
    'Neue Post wird in dem Augenblick versiegelt, in dem sie ankommt. Sie öffnet sich nur, während Sie angemeldet sind.',
  ],
  'turnOn.means.2': [
    'Your older mail is sealed as well, in the background. You can read and write meanwhile.',
    'Auch Ihre ältere Post wird versiegelt, im Hintergrund. Sie können währenddessen lesen und schreiben.',
  ],
  'turnOn.means.3': [
    'Nobody can reset your password any more without your recovery code. Forget both, and your mail is lost.',
    'Niemand kann Ihr Passwort mehr ohne Ihren Wiederherstellungscode zurücksetzen. Verlieren Sie beides, ist Ihre Post verloren.',
  ],
  'turnOn.means.4': [
    'You get that recovery code in the next step, once, to print or write down.',
    'Diesen Wiederherstellungscode bekommen Sie im nächsten Schritt, einmal, zum Drucken oder Aufschreiben.',
  ],
  'turnOn.means.5': [
    'You can turn it off again whenever you like.',
    'Sie können sie jederzeit wieder ausschalten.',
  ],
  'turnOn.cannot': ['What it cannot protect from', 'Wovor das nicht schützen kann'],
  'turnOn.cannot.1': [
    'While you are logged in, the server holds your key in its memory: whoever controls the running machine then can read along.',
    'Während Sie angemeldet sind, hat der Server Ihren Schlüssel im Speicher: Wer dann die laufende Maschine beherrscht, kann mitlesen.',
  ],
  'turnOn.cannot.2': [
    'Mail comes and goes through other servers, where others may read it before it arrives here.',
    'Post läuft über andere Server, wo andere sie lesen können, bevor sie hier ankommt.',
  ],
  'turnOn.cannot.3': [
    'A weak password can be guessed. Choose a good one first.',
    'Ein schwaches Passwort lässt sich erraten. Wählen Sie vorher ein gutes.',
  ],
  'turnOn.cannot.4': [
    'Copies in your mail programs, and older backups of this server, are not covered.',
    'Kopien in Ihren Mailprogrammen und ältere Sicherungen dieses Servers sind nicht erfasst.',
  ],
  'turnOn.escrow.forbidden': [
    'There is no administrators’ recovery key for your mail, and there will be none: only you can get it back.',
    'Es gibt keinen Wiederherstellungsschlüssel der Verwaltung zu Ihrer Post und wird keinen geben: Nur Sie können sie zurückholen.',
  ],
  'turnOn.escrow.none': [
    'At present there is no administrators’ recovery key. If one is made later, you will see it here in the history.',
    'Zurzeit gibt es keinen Wiederherstellungsschlüssel der Verwaltung. Wird später einer angelegt, sehen Sie es hier im Verlauf.',
  ],
  'turnOn.escrow.possible': [
    'Your administrators keep a recovery key that can open your mail, for example when you have lost everything. Each use of it is shown to you here.',
    'Ihre Verwaltung hat einen Wiederherstellungsschlüssel, der Ihre Post öffnen kann, etwa wenn Sie alles verloren haben. Jede Benutzung wird Ihnen hier gezeigt.',
  ],
  'turnOn.understood': [
    'I understand: without my password and my recovery code my mail cannot be opened again.',
    'Ich habe verstanden: Ohne mein Passwort und meinen Wiederherstellungscode lässt sich meine Post nicht mehr öffnen.',
  ],
  'turnOn.mustTick': [
    'Tick the box when you have read and understood it.',
    'Setzen Sie das Häkchen, wenn Sie es gelesen und verstanden haben.',
  ],
  'turnOn.submit': ['Show my recovery code', 'Meinen Wiederherstellungscode zeigen'],
  'turnOn.nothingYet': [
    'Nothing is changed yet: encryption begins when you have typed the code back.',
    'Noch wird nichts geändert: Die Verschlüsselung beginnt erst, wenn Sie den Code zurückgetippt haben.',
  ],
  'turnOn.notOffered': [
    'Your administrator does not offer encryption here.',
    'Ihre Verwaltung bietet die Verschlüsselung hier nicht an.',
  ],
  'codePage.title': ['Your recovery code', 'Ihr Wiederherstellungscode'],
  'codePage.lead': [
    'This code opens your mail if you forget your password. Print it or write it down, and keep it where you keep your passport.',
    'Dieser Code öffnet Ihre Post, wenn Sie Ihr Passwort vergessen. Drucken Sie ihn oder schreiben Sie ihn auf, und bewahren Sie ihn bei Ihrem Ausweis auf.',
  ],
  'codePage.next': ['I have it safe: go on', 'Ich habe ihn sicher: weiter'],
  'codePage.leave': [
    'If you leave now, this code is thrown away and nothing has changed.',
    'Wenn Sie jetzt gehen, wird dieser Code verworfen, und es hat sich nichts geändert.',
  ],
  'sheet.title': ['Recovery sheet', 'Wiederherstellungsblatt'],
  'sheet.address': ['Mail address', 'Mailadresse'],
  'sheet.server': ['Server', 'Server'],
  'sheet.date': ['Made on', 'Erstellt am'],
  'sheet.where': ['Use it at', 'Zu benutzen auf'],
  'sheet.code': ['Recovery code, seven groups', 'Wiederherstellungscode, sieben Gruppen'],
  'sheet.words': ['The same code as words:', 'Derselbe Code in (englischen) Wörtern:'],
  'sheet.qr': ['The recovery code as a QR code', 'Der Wiederherstellungscode als QR-Code'],
  'sheet.passwordLine': ['Password, if you like, by hand:', 'Passwort, wenn Sie mögen, von Hand:'],
  'sheet.keep': [
    'If you forget your password, type this code at the address above to set a new one. Keep this sheet with your papers. Whoever has it can open your mail. It works once; then you get a new one.',
    'Vergessen Sie Ihr Passwort, tippen Sie diesen Code auf der Seite ein, die oben steht, und setzen ein neues. Bewahren Sie dieses Blatt bei Ihren Papieren auf. Wer es hat, kann Ihre Post öffnen. Es gilt einmal; dann bekommen Sie ein neues.',
  ],
  'sheet.print': ['Print', 'Drucken'],
  'sheet.copy': ['Copy', 'Kopieren'],
  'sheet.copied': ['Copied', 'Kopiert'],
  'sheet.download': ['Save as a text file', 'Als Textdatei speichern'],
  'sheet.printHint': [
    'To print, use your browser’s menu: only the sheet is printed.',
    'Zum Drucken benutzen Sie das Menü Ihres Browsers: Gedruckt wird nur das Blatt.',
  ],
  'sheet.file': [
    'Recovery code for {address}\nServer: {server}\nMade on: {date}\n\n{code}\n\nor, the same in words:\n{words}\n\nWith this code you set a new password if you forget yours, at\n{url}\nCapitals, spaces and dashes do not matter. It works once; then you get a new one.\nWhoever has this code can open your mail: print it, then delete this file.\n',
    'Wiederherstellungscode für {address}\nServer: {server}\nErstellt am: {date}\n\n{code}\n\noder, dasselbe in Wörtern:\n{words}\n\nMit diesem Code setzen Sie ein neues Passwort, wenn Sie Ihres vergessen haben, auf\n{url}\nGroßschreibung, Leerzeichen und Striche sind gleichgültig. Er gilt einmal; dann bekommen Sie einen neuen.\nWer diesen Code hat, kann Ihre Post öffnen: Drucken Sie ihn und löschen Sie dann diese Datei.\n',
  ],
  'confirm.title': ['Type the code back', 'Code zurücktippen'],
  'confirm.lead': [
    'So that we both know you have it: type the last two groups of your recovery code.',
    'Damit wir beide wissen, dass Sie ihn haben: Tippen Sie die letzten zwei Gruppen Ihres Wiederherstellungscodes.',
  ],
  'confirm.typed': ['The last two groups', 'Die letzten zwei Gruppen'],
  'confirm.hint': [
    'Eight letters and digits, from your sheet. The whole code will do, too.',
    'Acht Buchstaben und Ziffern, von Ihrem Blatt. Der ganze Code geht auch.',
  ],
  'confirm.missing': [
    'Type the last two groups of the code from your sheet.',
    'Tippen Sie die letzten zwei Gruppen des Codes von Ihrem Blatt ab.',
  ],
  'confirm.wrong': [
    'That is not the end of the new code. Look at your sheet again, at groups 6 and 7; if you did not keep it, cancel and start again.',
    'Das ist nicht das Ende des neuen Codes. Sehen Sie noch einmal auf Ihr Blatt, Gruppen 6 und 7; haben Sie es nicht behalten, brechen Sie ab und beginnen Sie neu.',
  ],
  'confirm.submitEnable': ['Turn encryption on', 'Verschlüsselung einschalten'],
  'confirm.submitRenew': ['Use the new code from now on', 'Ab jetzt gilt der neue Code'],
  'confirm.cancel': ['Cancel and throw the code away', 'Abbrechen und den Code verwerfen'],
  'confirm.until': [
    'The code waits {minutes} minutes from now. After that you start again and get another one; nothing is lost.',
    'Der Code wartet ab jetzt {minutes} Minuten. Danach beginnen Sie neu und bekommen einen anderen; es geht nichts verloren.',
  ],
  'confirm.cancelledEnable': [
    'The code was thrown away. Nothing has changed.',
    'Der Code wurde verworfen. Es hat sich nichts geändert.',
  ],
  'confirm.cancelledRenew': [
    'The new code was thrown away. Nothing has changed: a code from before is still good.',
    'Der neue Code wurde verworfen. Es hat sich nichts geändert: Ein Code von vorher gilt weiter.',
  ],
  'confirm.expired.title': ['There is no code waiting', 'Es wartet kein Code'],
  'confirm.expired.text': [
    'A new code waits for a while only. Start again, and you get another one; nothing has changed.',
    'Ein neuer Code wartet nur eine Weile. Beginnen Sie neu, dann bekommen Sie einen anderen; es hat sich nichts geändert.',
  ],
  'confirm.expired.again': ['Start again', 'Neu beginnen'],
  'confirm.renewed': [
    'The new recovery code counts from now on. Destroy the old sheet.',
    'Ab jetzt gilt der neue Wiederherstellungscode. Vernichten Sie das alte Blatt.',
  ],
  'progress.title': ['Sealing your mail', 'Ihre Post wird versiegelt'],
  'progress.lead': [
    'It goes on by itself, and you can use your mailbox meanwhile.',
    'Es geht von selbst weiter, und Sie können Ihr Postfach währenddessen benutzen.',
  ],
  'progress.script': ['{done} of {total} messages', '{done} von {total} Nachrichten'],
  'progress.waits': ['It waits: {reason}', 'Es wartet: {reason}'],
  'progress.leave': [
    'You may close this page; it does not stop.',
    'Sie können diese Seite schließen; es hört nicht auf.',
  ],
  'progress.done.title': ['Done', 'Fertig'],
  'progress.done.on': [
    'Encryption is on. All your mail is sealed to you alone.',
    'Die Verschlüsselung ist an. Ihre ganze Post ist für Sie allein versiegelt.',
  ],
  'progress.done.off': [
    'Encryption is off. The server has a key to your mail again.',
    'Die Verschlüsselung ist aus. Der Server hat wieder einen Schlüssel zu Ihrer Post.',
  ],
  'progress.done.waits': [
    'Nothing is running just now; what is left goes on at your next login.',
    'Gerade läuft nichts; was übrig ist, geht bei Ihrer nächsten Anmeldung weiter.',
  ],
  'progress.done.test': [
    'Test it: open your mail program. Nothing changes there.',
    'Probieren Sie es aus: Öffnen Sie Ihr Mailprogramm. Dort ändert sich nichts.',
  ],
  'newCode.title': ['New recovery code', 'Neuer Wiederherstellungscode'],
  'newCode.lead': [
    'For when you have no code yet, when somebody may have seen yours, or when you cannot find it. An old one stays good until you have typed the new one back.',
    'Für den Fall, dass Sie noch keinen Code haben, dass vielleicht jemand Ihren gesehen hat oder dass Sie ihn nicht mehr finden. Ein alter gilt, bis Sie den neuen zurückgetippt haben.',
  ],
  'newCode.submit': ['Show a new code', 'Neuen Code zeigen'],
  'testCode.title': ['Test the recovery code', 'Wiederherstellungscode testen'],
  'testCode.lead': [
    'Type your code: this only checks that it works. Nothing changes, and the code stays good.',
    'Tippen Sie Ihren Code: Es wird nur geprüft, ob er funktioniert. Es ändert sich nichts, und der Code bleibt gültig.',
  ],
  'testCode.submit': ['Test it', 'Testen'],
  'testCode.works': [
    'Your recovery code works. Put it back where it was.',
    'Ihr Wiederherstellungscode funktioniert. Legen Sie ihn zurück, wo er war.',
  ],
  'testCode.lost': ['I cannot find it: make a new one', 'Ich finde ihn nicht: einen neuen erstellen'],
  'turnOff.title': ['Turn encryption off', 'Verschlüsselung ausschalten'],
  'turnOff.lead': [
    'Your mail stays where it is, but this server gets a key to it again.',
    'Ihre Post bleibt, wo sie ist, aber dieser Server bekommt wieder einen Schlüssel dazu.',
  ],
  'turnOff.means': ['What it means', 'Was das bedeutet'],
  'turnOff.means.1': [
    'Whoever runs this server can read your mail.',
    'Wer diesen Server betreibt, kann Ihre Post lesen.',
  ],
  'turnOff.means.2': [
    'An administrator can reset your password.',
    'Die Verwaltung kann Ihr Passwort zurücksetzen.',
  ],
  'turnOff.means.3': ['Your recovery code stops working.', 'Ihr Wiederherstellungscode gilt nicht mehr.'],
  'turnOff.understood': [
    'I want the server to be able to open my mail.',
    'Ich will, dass der Server meine Post öffnen kann.',
  ],
  'turnOff.submit': ['Turn encryption off', 'Verschlüsselung ausschalten'],
  'recover.title': ['Get back in', 'Wieder hineinkommen'],
  'recover.lead': [
    'With your recovery code you set a new password. All your mail stays, and you get a new code.',
    'Mit Ihrem Wiederherstellungscode setzen Sie ein neues Passwort. Ihre ganze Post bleibt, und Sie bekommen einen neuen Code.',
  ],
  'recover.code': ['Recovery code', 'Wiederherstellungscode'],
  'recover.codeHint': [
    'The seven groups of four, or the twelve words. Capitals, spaces and dashes do not matter, nor whether you read O or 0. You can paste the whole text file.',
    'Die sieben Vierergruppen oder die zwölf Wörter. Großschreibung, Leerzeichen und Striche sind gleichgültig, auch ob Sie O oder 0 lesen. Sie können auch die ganze Textdatei einfügen.',
  ],
  'recover.none': [
    'No code? Try the passwords that you used before. Ask your administrators, too: only if they keep a recovery key can they open your mail. Do not delete anything: a sheet that turns up later still opens it.',
    'Kein Code? Probieren Sie die Passwörter, die Sie früher hatten. Fragen Sie auch Ihre Verwaltung: Nur wenn sie einen Wiederherstellungsschlüssel hat, kann sie Ihre Post öffnen. Löschen Sie nichts: Auch ein Blatt, das später auftaucht, öffnet sie noch.',
  ],
  'recover.submit': ['Set the new password', 'Neues Passwort setzen'],
  'recover.back': ['Back to signing in', 'Zurück zur Anmeldung'],
  'recovered.title': ['You are back', 'Sie sind wieder da'],
  'recovered.lead': [
    'Your new password is set and your mail is there. The old code is used up: this is your new one.',
    'Ihr neues Passwort ist gesetzt, und Ihre Post ist da. Der alte Code ist verbraucht: Dies ist Ihr neuer.',
  ],
  'recovered.signIn': ['I have it safe: sign in', 'Ich habe ihn sicher: anmelden'],
  'recoverLater.title': ['The code is right', 'Der Code stimmt'],
  'recoverLater.text': [
    'This site waits before a code sets a new password, so that a thief is noticed. Come back after {when} and do the same again.',
    'Diese Site wartet, bevor ein Code ein neues Passwort setzt, damit ein Dieb auffällt. Kommen Sie nach dem {when} wieder und tun Sie dasselbe noch einmal.',
  ],
  'recoverLater.cancel': [
    'Whoever knows the password, or gets the notice by mail, can cancel it until then.',
    'Wer das Passwort kennt oder die Nachricht per Mail bekommt, kann es bis dahin absagen.',
  ],
  'unlock.title': ['Open locked mail', 'Verschlossene Post öffnen'],
  'unlock.lead': [
    'An administrator has given you a new password, which cannot open your mail. Your old password or your recovery code can.',
    'Die Verwaltung hat Ihnen ein neues Passwort gegeben, das Ihre Post nicht öffnen kann. Ihr altes Passwort oder Ihr Wiederherstellungscode kann es.',
  ],
  'unlock.old': ['Your old password', 'Ihr altes Passwort'],
  'unlock.oldHint': [
    'The one from before. Leave it empty if you have the code.',
    'Das von vorher. Lassen Sie es leer, wenn Sie den Code haben.',
  ],
  'unlock.code': ['Or your recovery code', 'Oder Ihr Wiederherstellungscode'],
  'unlock.oneOfThem': [
    'Type your old password or your recovery code: one of them is needed.',
    'Geben Sie Ihr altes Passwort oder Ihren Wiederherstellungscode ein: Eines davon ist nötig.',
  ],
  'unlock.wrong': [
    'This does not open the mail of this address. Check the address, and try the other way.',
    'Das öffnet die Post dieser Adresse nicht. Prüfen Sie die Adresse und versuchen Sie den anderen Weg.',
  ],
  'unlock.submit': ['Open my mail', 'Meine Post öffnen'],
  'unlocked.title': ['Your mail is open again', 'Ihre Post ist wieder offen'],
  'unlocked.text': ['From now on your new password opens it.', 'Ab jetzt öffnet sie Ihr neues Passwort.'],
} as const satisfies Record<string, Entry>
