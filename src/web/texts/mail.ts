// Texts of app passwords, setting up a mail program, keys of one's own, import and export.
import type { Entry } from './catalogue.ts'

export const mailTexts = {
  'app.title': ['App passwords', 'App-Passwörter'],
  'app.lead': [
    'A password for each of your devices: if one is lost, revoke only that one. App passwords open your mail, but not this page.',
    'Für jedes Ihrer Geräte ein Passwort: Geht eines verloren, widerrufen Sie nur dieses. App-Passwörter öffnen Ihre Post, aber nicht diese Seite.',
  ],
  'app.asOf': [
    'As of {when}; the list is sealed and read when you give your password.',
    'Stand {when}; die Liste ist versiegelt und wird gelesen, wenn Sie Ihr Passwort geben.',
  ],
  'app.nothing': ['There are none yet.', 'Es gibt noch keine.'],
  'app.for': ['For', 'Für'],
  'app.imap': ['reading mail (IMAP)', 'Post lesen (IMAP)'],
  'app.submission': ['sending mail', 'Post senden'],
  'app.made': ['Made on', 'Erstellt am'],
  'app.used': ['Last used', 'Zuletzt benutzt'],
  'app.neverUsed': ['never', 'nie'],
  'app.ends': ['Ends', 'Endet'],
  'app.never': ['never', 'nie'],
  'app.revoke': ['Revoke', 'Widerrufen'],
  'app.revokeThis': ['Revoke {name}', '{name} widerrufen'],
  'app.revoked': [
    'The app password was revoked and its connections were ended.',
    'Das App-Passwort ist widerrufen, und seine Verbindungen sind beendet.',
  ],
  'app.new': ['A new one', 'Ein neues'],
  'app.name': ['Name', 'Name'],
  'app.nameHint': [
    'Of the device or program, such as “Phone”.',
    'Des Geräts oder Programms, etwa „Telefon“.',
  ],
  'app.nameMissing': [
    'Give it a name of at most 60 characters, so that you know later what it was for.',
    'Geben Sie ihm einen Namen von höchstens 60 Zeichen, damit Sie später wissen, wofür es war.',
  ],
  'app.forMissing': [
    'Tick at least one thing that it is for.',
    'Kreuzen Sie mindestens eines an, wofür es ist.',
  ],
  'app.expires': ['Last day', 'Letzter Tag'],
  'app.expiresHint': ['Empty: until you revoke it.', 'Leer: bis Sie es widerrufen.'],
  'app.expiresWrong': [
    'Choose a day from today on, or leave it empty.',
    'Wählen Sie einen Tag ab heute, oder lassen Sie das Feld leer.',
  ],
  'app.make': ['Make an app password', 'App-Passwort erstellen'],
  'app.main': ['Your main password', 'Ihr Hauptpasswort'],
  'app.main.everywhere': [
    'It also works in mail programs. You can restrict it to this page: then a stolen phone never held it.',
    'Es gilt auch in Mailprogrammen. Sie können es auf diese Seite beschränken: Dann hatte ein gestohlenes Telefon es nie.',
  ],
  'app.main.webOnly': [
    'It works only on this page. Mail programs need app passwords.',
    'Es gilt nur auf dieser Seite. Mailprogramme brauchen App-Passwörter.',
  ],
  'app.main.restrict': ['Only on this page from now on', 'Ab jetzt nur auf dieser Seite'],
  'app.main.allow': ['In mail programs as well', 'Auch in Mailprogrammen'],
  'app.main.restricted': [
    'Your main password now works only on this page.',
    'Ihr Hauptpasswort gilt jetzt nur noch auf dieser Seite.',
  ],
  'app.main.allowed': [
    'Your main password works in mail programs again.',
    'Ihr Hauptpasswort gilt wieder auch in Mailprogrammen.',
  ],
  'appShown.title': ['App password “{name}”', 'App-Passwort „{name}“'],
  'appShown.lead': [
    'Type or scan it on your device now. Spaces and dashes belong to it only as reading aids.',
    'Geben Sie es jetzt auf Ihrem Gerät ein oder scannen Sie es. Leerzeichen und Striche sind nur Lesehilfen.',
  ],
  'appShown.sheet': ['App password', 'App-Passwort'],
  'appShown.once': [
    'It is shown only this once. If you lose it, revoke it and make another.',
    'Es wird nur dieses eine Mal gezeigt. Verlieren Sie es, widerrufen Sie es und erstellen Sie ein anderes.',
  ],
  'appShown.scan': ['Scan instead of typing', 'Scannen statt tippen'],
  'appShown.qrPlain': ['The password alone', 'Nur das Passwort'],
  'appShown.qrThunderbird': ['Everything for Thunderbird on Android', 'Alles für Thunderbird auf Android'],
  'appShown.scanHint': [
    'Thunderbird’s code is scanned inside Thunderbird (Settings, Import settings), not with the camera app.',
    'Den Code für Thunderbird scannen Sie in Thunderbird selbst (Einstellungen, Einstellungen importieren), nicht mit der Kamera-App.',
  ],
  'appShown.done': ['Done', 'Fertig'],
  'setUp.title': ['Set up your mail program', 'Mailprogramm einrichten'],
  'setUp.lead': [
    'These are the names and numbers that your mail program asks for.',
    'Das sind die Namen und Zahlen, nach denen Ihr Mailprogramm fragt.',
  ],
  'setUp.incoming': ['Incoming mail', 'Posteingang'],
  'setUp.incomingToo': ['Incoming mail, another way', 'Posteingang, anderer Weg'],
  'setUp.outgoing': ['Outgoing mail', 'Postausgang'],
  'setUp.protocol': ['Protocol', 'Protokoll'],
  'setUp.server': ['Server', 'Server'],
  'setUp.port': ['Port', 'Port'],
  'setUp.security': ['Security', 'Sicherheit'],
  'setUp.user': ['User name', 'Benutzername'],
  'setUp.authentication': ['Authentication', 'Authentifizierung'],
  'setUp.normal': ['normal password', 'normales Passwort'],
  'setUp.thunderbird': ['Thunderbird', 'Thunderbird'],
  'setUp.thunderbirdText': [
    'Type your address and password: it finds the rest by itself where this server’s certificate is publicly trusted. Otherwise type the names and numbers above.',
    'Geben Sie Adresse und Passwort ein: Den Rest findet es von selbst, wenn das Zertifikat dieses Servers öffentlich anerkannt ist. Sonst geben Sie die Namen und Zahlen von oben ein.',
  ],
  'setUp.androidText': [
    'On Android, make an app password and scan its code.',
    'Auf Android erstellen Sie ein App-Passwort und scannen dessen Code.',
  ],
  'setUp.androidLink': ['Make an app password', 'App-Passwort erstellen'],
  'setUp.outlook': ['Outlook', 'Outlook'],
  'setUp.outlookText': [
    'Choose “IMAP” when it asks; it then finds server names by itself, or takes the ones above.',
    'Wählen Sie „IMAP“, wenn es fragt; die Servernamen findet es dann von selbst oder nimmt die von oben.',
  ],
  'setUp.apple': ['iPhone, iPad, Mac', 'iPhone, iPad, Mac'],
  'setUp.appleText': [
    'Download a profile that sets everything up. A fresh app password is made for it and is inside: keep the file to yourself, and delete it afterwards. The profile is not signed, so your device asks whether you trust it.',
    'Laden Sie ein Profil herunter, das alles einrichtet. Dafür wird ein neues App-Passwort erstellt, das darin steht: Geben Sie die Datei nicht weiter, und löschen Sie sie danach. Das Profil ist nicht signiert; darum fragt Ihr Gerät, ob Sie ihm vertrauen.',
  ],
  'setUp.appleSubmit': [
    'Make an app password and download the profile',
    'App-Passwort erstellen und Profil herunterladen',
  ],
  'setUp.appleName': ['Apple profile', 'Apple-Profil'],
  'setUp.nothingChanges': [
    'Turning encryption on or off changes nothing of this.',
    'Ob die Verschlüsselung an oder aus ist, ändert hieran nichts.',
  ],
} as const satisfies Record<string, Entry>
