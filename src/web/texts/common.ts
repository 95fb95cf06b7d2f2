// Texts of the frame, of forms, of refusals and of pages that only say something.
import type { Entry } from './catalogue.ts'

export const commonTexts = {
  'shell.menu': ['Menu', 'Menü'],
  'shell.skip': ['Skip to the content', 'Zum Inhalt springen'],
  'shell.language': ['Language', 'Sprache'],
  'shell.signOut': ['Sign out', 'Abmelden'],
  'menu.mail': ['Your mail', 'Ihre Post'],
  'menu.security': ['Security', 'Sicherheit'],
  'menu.admin': ['Administration', 'Verwaltung'],
  'form.problems': ['That did not work yet:', 'Das hat noch nicht geklappt:'],
  'form.currentPassword': ['Your current password', 'Ihr jetziges Passwort'],
  'form.newPassword': ['New password', 'Neues Passwort'],
  'form.newPasswordHint': [
    'At least 10 characters. Four random words are easy to remember and hard to guess.',
    'Mindestens 10 Zeichen. Vier zufällige Wörter sind leicht zu merken und schwer zu erraten.',
  ],
  'form.repeat': ['New password once more', 'Neues Passwort noch einmal'],
  'password.short': [
    'The new password is too short: choose one of at least 10 characters.',
    'Das neue Passwort ist zu kurz: Wählen Sie eines mit mindestens 10 Zeichen.',
  ],
  'password.long': [
    'The new password is too long: choose one of at most 1,024 characters.',
    'Das neue Passwort ist zu lang: Wählen Sie eines mit höchstens 1.024 Zeichen.',
  ],
  'password.differs': [
    'The two new passwords differ: type the same one in both fields.',
    'Die beiden neuen Passwörter sind verschieden: Geben Sie in beide Felder dasselbe ein.',
  ],
  'code.missing': [
    'Type your recovery code: seven groups of four letters and digits.',
    'Geben Sie Ihren Wiederherstellungscode ein: sieben Gruppen aus je vier Buchstaben und Ziffern.',
  ],
  'code.typo': [
    'The code looks mistyped in group {group}: character {symbol} there should probably be {expected}. Compare it with your sheet.',
    'Der Code ist anscheinend in Gruppe {group} vertippt: Das Zeichen {symbol} dort müsste wohl {expected} sein. Vergleichen Sie es mit Ihrem Blatt.',
  ],
  'code.mistyped': [
    'This is not a whole recovery code: it has seven groups of four letters and digits. Compare it with your sheet, group by group.',
    'Das ist kein vollständiger Wiederherstellungscode: Er hat sieben Gruppen aus je vier Buchstaben und Ziffern. Vergleichen Sie ihn Gruppe für Gruppe mit Ihrem Blatt.',
  ],
  'code.mistypedWords': [
    'Those are not the twelve words of a recovery code: one is missing, misspelt or in the wrong place. Compare them with your sheet, word by word.',
    'Das sind nicht die zwölf Wörter eines Wiederherstellungscodes: Eines fehlt, ist verschrieben oder steht an der falschen Stelle. Vergleichen Sie sie Wort für Wort mit Ihrem Blatt.',
  ],
  'code.once': [
    'This code is shown only this once. Write it down or print it before you go on.',
    'Dieser Code wird nur dieses eine Mal gezeigt. Schreiben Sie ihn auf oder drucken Sie ihn, bevor Sie weitergehen.',
  ],
  'refusal.password': [
    'Address or password is wrong. Check both and try again.',
    'Adresse oder Passwort ist falsch. Prüfen Sie beides und versuchen Sie es noch einmal.',
  ],
  'refusal.disabled': [
    'This account is disabled. Ask your administrator.',
    'Dieses Konto ist gesperrt. Fragen Sie Ihre Verwaltung.',
  ],
  'refusal.busy': [
    'There were too many attempts, or too many people sign in just now. Wait a minute and try again.',
    'Es gab zu viele Versuche, oder es melden sich gerade zu viele an. Warten Sie eine Minute und versuchen Sie es dann noch einmal.',
  ],
  'refusal.quota': [
    'The mailbox is full. Delete or move some mail first.',
    'Das Postfach ist voll. Löschen oder verschieben Sie zuerst einen Teil der Post.',
  ],
  'refusal.limit': [
    'That is more than this server allows. Choose something shorter, or remove something first.',
    'Das ist mehr, als dieser Server erlaubt. Wählen Sie etwas Kürzeres oder entfernen Sie zuerst etwas.',
  ],
  'refusal.damaged': [
    'Something stored for this account is damaged, so nothing was changed. Ask your administrator to look at it.',
    'Etwas, das für dieses Konto gespeichert ist, ist beschädigt; darum wurde nichts geändert. Bitten Sie Ihre Verwaltung, es anzusehen.',
  ],
  'refusal.unavailable': [
    'The server cannot write at the moment, so nothing was changed. Try again later.',
    'Der Server kann gerade nicht schreiben; darum wurde nichts geändert. Versuchen Sie es später noch einmal.',
  ],
  'refusal.alreadyEnabled': [
    'That is on already. The overview shows how far it is.',
    'Das ist schon eingeschaltet. Die Übersicht zeigt, wie weit es ist.',
  ],
  'refusal.notEnabled': [
    'Encryption is not turned on for this account. Turn it on first.',
    'Für dieses Konto ist die Verschlüsselung nicht eingeschaltet. Schalten Sie sie zuerst ein.',
  ],
  'refusal.nothingToDo': [
    'There was nothing to do: it is so already. Load the page again to see how things are.',
    'Es war nichts zu tun: Es ist schon so. Laden Sie die Seite neu, um den Stand zu sehen.',
  ],
  'refusal.noOwnKey': [
    'This account has no public key yet. Add one first.',
    'Dieses Konto hat noch keinen öffentlichen Schlüssel. Fügen Sie zuerst einen hinzu.',
  ],
  'refusal.code': [
    'This recovery code does not belong to this address, or it was used already. Check the address, and take the newest sheet.',
    'Dieser Wiederherstellungscode gehört nicht zu dieser Adresse, oder er wurde schon benutzt. Prüfen Sie die Adresse und nehmen Sie das neueste Blatt.',
  ],
  'refusal.locked': [
    'This password does not open the mail. Use your old password or the recovery code.',
    'Dieses Passwort öffnet die Post nicht. Benutzen Sie Ihr altes Passwort oder den Wiederherstellungscode.',
  ],
  'refusal.notPermitted': [
    'Your administrator does not allow this here. Ask them if you need it.',
    'Ihre Verwaltung erlaubt das hier nicht. Fragen Sie dort nach, wenn Sie es brauchen.',
  ],
  'refusal.offerExpired': [
    'Too much time has passed, or there were too many attempts. Start again: you get a new code.',
    'Es ist zu viel Zeit vergangen, oder es gab zu viele Versuche. Beginnen Sie neu: Sie bekommen einen neuen Code.',
  ],
  'refusal.badKey': ['This key cannot be used.', 'Dieser Schlüssel ist nicht brauchbar.'],
  'refusal.other': ['The server refused this:', 'Der Server hat das abgelehnt:'],
  'note.overview': ['To the overview', 'Zur Übersicht'],
  'note.signIn': ['Sign in', 'Anmelden'],
  'note.again': ['Back to the form', 'Zurück zum Formular'],
  'note.missing.title': ['There is no such page', 'Diese Seite gibt es nicht'],
  'note.missing.text': [
    'Check the address, or go on from here.',
    'Prüfen Sie die Adresse, oder gehen Sie hier weiter.',
  ],
  'note.badRequest.title': ['The form did not arrive whole', 'Das Formular kam nicht vollständig an'],
  'note.badRequest.text': [
    'Nothing was changed. Open the page again and try once more.',
    'Es wurde nichts geändert. Öffnen Sie die Seite neu und versuchen Sie es noch einmal.',
  ],
  'note.foreignForm.title': ['This came from another site', 'Das kam von einer anderen Website'],
  'note.foreignForm.text': [
    'Nothing was changed. If you did not expect this page, somebody tried to act in your name: close that other page.',
    'Es wurde nichts geändert. Wenn Sie diese Seite nicht erwartet haben, hat jemand versucht, in Ihrem Namen zu handeln: Schließen Sie die andere Seite.',
  ],
  'note.usedForm.title': [
    'This form was sent already, or is too old',
    'Dieses Formular wurde schon gesendet oder ist zu alt',
  ],
  'note.usedForm.text': [
    'Nothing was changed this time, and what was shown once is not shown again. Open the form anew.',
    'Diesmal wurde nichts geändert, und was einmal gezeigt wurde, wird nicht noch einmal gezeigt. Öffnen Sie das Formular neu.',
  ],
  'note.signedOut.title': ['You are signed out', 'Sie sind abgemeldet'],
  'note.signedOut.text': [
    'After a while without a click this page signs you out. Nothing was changed; sign in again.',
    'Nach einiger Zeit ohne Klick meldet diese Seite Sie ab. Es wurde nichts geändert; melden Sie sich wieder an.',
  ],
  'note.tooLarge.title': ['That is too large', 'Das ist zu groß'],
  'note.tooLarge.text': [
    'Nothing was taken over. Send less at once.',
    'Es wurde nichts übernommen. Senden Sie weniger auf einmal.',
  ],
  'note.fault.title': ['Something went wrong here', 'Hier ist etwas schiefgegangen'],
  'note.fault.text': [
    'That is our mistake, not yours. Try again later, and tell your administrator the word {id}: it finds the place in the log.',
    'Das ist unser Fehler, nicht Ihrer. Versuchen Sie es später noch einmal und nennen Sie Ihrer Verwaltung das Wort {id}: Damit ist die Stelle im Protokoll zu finden.',
  ],
} as const satisfies Record<string, Entry>
