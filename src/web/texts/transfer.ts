// Texts of taking mail in, and of taking it out.
import type { Entry } from './catalogue.ts'

export const transferTexts = {
  'export.title': ['Export your mail', 'Post exportieren'],
  'export.lead': [
    'All your mail in one file, for another program, another provider, or your own safekeeping.',
    'Ihre ganze Post in einer Datei: für ein anderes Programm, einen anderen Anbieter oder zum Aufbewahren.',
  ],
  'export.readable': [
    'The file is not encrypted: whoever has it can read all your mail. Keep it where you would keep letters.',
    'Die Datei ist nicht verschlüsselt: Wer sie hat, kann Ihre ganze Post lesen. Verwahren Sie sie, wie Sie Briefe verwahren.',
  ],
  'export.download': ['Download', 'Herunterladen'],
  'export.format': ['What it is for', 'Wofür sie ist'],
  'export.mbox': [
    'For mail programs such as Thunderbird or Apple Mail (mbox)',
    'Für Mailprogramme wie Thunderbird oder Apple Mail (mbox)',
  ],
  'export.maildir': ['For another mail server (Maildir)', 'Für einen anderen Mailserver (Maildir)'],
  'export.submit': ['Download my mail', 'Meine Post herunterladen'],
  'export.again': [
    'The download begins at once and may take a while; leave this window open until it is there. To download again, open this page anew.',
    'Der Download beginnt sofort und kann dauern; lassen Sie dieses Fenster offen, bis er fertig ist. Für einen weiteren Download öffnen Sie die Seite neu.',
  ],
  'export.busy': [
    'An export of yours is running, or too many others are. Wait until it has ended and try again.',
    'Es läuft schon ein Export von Ihnen, oder es laufen zu viele andere. Warten Sie, bis er zu Ende ist, und versuchen Sie es dann noch einmal.',
  ],
  'export.what': ['What is in it', 'Was darin ist'],
  'export.what.1': [
    'Every folder with every message, exactly as it was received, with its date, its flags and keywords.',
    'Jeder Ordner mit jeder Nachricht, genau wie sie empfangen wurde, mit Datum, Markierungen und Schlagwörtern.',
  ],
  'export.what.2': [
    'You can take it back in under “Import mail”, here or on another such server: nothing is taken twice.',
    'Unter „Post importieren“ können Sie sie wieder einlesen, hier oder auf einem anderen solchen Server: Nichts wird doppelt übernommen.',
  ],
  'export.what.3': [
    'The server keeps no copy of the file; it is made while you download it.',
    'Der Server behält keine Kopie der Datei; sie entsteht, während Sie sie herunterladen.',
  ],
  'import.title': ['Import mail', 'Post importieren'],
  'import.lead': [
    'Bring mail along from another program or provider. It is sealed like all your mail as soon as it is here.',
    'Bringen Sie Post aus einem anderen Programm oder von einem anderen Anbieter mit. Sobald sie hier ist, wird sie versiegelt wie alle Ihre Post.',
  ],
  'import.choose': ['Choose files', 'Dateien wählen'],
  'import.files': ['Files with mail', 'Dateien mit Post'],
  'import.filesHint': [
    'mbox, single messages (.eml), or a zip or tar.gz with these or a Maildir. At most {size}, also when unpacked.',
    'mbox, einzelne Nachrichten (.eml), oder ein Zip oder tar.gz damit oder mit einem Maildir. Höchstens {size}, auch ausgepackt.',
  ],
  'import.into': ['Below this folder', 'Unterhalb dieses Ordners'],
  'import.intoHint': [
    'Empty: inbox to inbox, sent mail to sent mail, and so on.',
    'Leer: Posteingang zu Posteingang, Gesendetes zu Gesendetem und so weiter.',
  ],
  'import.intoWrong': [
    'A folder cannot have this name: choose a shorter one without control characters, * and %.',
    'So kann ein Ordner nicht heißen: Wählen Sie einen kürzeren Namen ohne Steuerzeichen, * und %.',
  ],
  'import.submit': ['Upload and import', 'Hochladen und importieren'],
  'import.noFile': ['Choose at least one file.', 'Wählen Sie mindestens eine Datei.'],
  'import.busy': [
    'An import of yours is running, or too many others are. Wait until it has ended and try again.',
    'Es läuft schon ein Import von Ihnen, oder es laufen zu viele andere. Warten Sie, bis er zu Ende ist, und versuchen Sie es dann noch einmal.',
  ],
  'import.tooLarge': [
    'That is more than this server takes at once, or it unpacks to more. Nothing was imported; send it in parts.',
    'Das ist mehr, als dieser Server auf einmal annimmt, oder ausgepackt wird es mehr. Es wurde nichts importiert; senden Sie es in Teilen.',
  ],
  'import.noRoom': [
    'The server has no room for uploads at the moment. Nothing was imported; try again later, and tell your administrator.',
    'Der Server hat gerade keinen Platz zum Hochladen. Es wurde nichts importiert; versuchen Sie es später noch einmal und sagen Sie es Ihrer Verwaltung.',
  ],
  'import.damaged': [
    'A file is damaged, or arrived only in part. Nothing was imported; check the file on your computer and send it again.',
    'Eine Datei ist beschädigt oder nur teilweise angekommen. Es wurde nichts importiert; prüfen Sie die Datei auf Ihrem Rechner und senden Sie sie noch einmal.',
  ],
  'import.nothing': [
    'There was no mail in it. Upload mbox files, .eml files, or an archive of them or of a Maildir.',
    'Darin war keine Post. Laden Sie mbox-Dateien, .eml-Dateien, oder ein Archiv davon oder von einem Maildir hoch.',
  ],
  'import.ended': [
    'The import was stopped. What came before is here; send the same files again for the rest, nothing is taken twice.',
    'Der Import wurde angehalten. Was vorher kam, ist da; für den Rest senden Sie dieselben Dateien noch einmal, nichts wird doppelt übernommen.',
  ],
  'import.what': ['What happens', 'Was geschieht'],
  'import.what.1': [
    'Folders, dates, flags and keywords are kept where the files have them.',
    'Ordner, Daten, Markierungen und Schlagwörter bleiben, wo die Dateien sie haben.',
  ],
  'import.what.2': [
    'What is here already is not taken again: after an interruption, send the same files once more.',
    'Was schon da ist, wird nicht noch einmal übernommen: Nach einer Unterbrechung senden Sie dieselben Dateien noch einmal.',
  ],
  'import.what.3': [
    'All that was added is read back and compared.',
    'Alles, was dazukam, wird zurückgelesen und verglichen.',
  ],
  'import.what.4': [
    'Nothing you upload lies readable on the server’s disk, not even for a moment.',
    'Nichts, was Sie hochladen, liegt auch nur einen Augenblick lesbar auf der Platte des Servers.',
  ],
  'import.isRunning': [
    'An import is running: see how far it is.',
    'Ein Import läuft: sehen Sie, wie weit er ist.',
  ],
  'import.hasEnded': [
    'An import has ended: see what came of it.',
    'Ein Import ist zu Ende: sehen Sie, was er ergab.',
  ],
  'import.running': ['Your mail is being imported.', 'Ihre Post wird importiert.'],
  'import.bar': ['Progress of the import', 'Fortschritt des Imports'],
  'import.looking': ['Looking through the files …', 'Die Dateien werden durchgesehen …'],
  'import.words': ['{done} of {total} messages', '{done} von {total} Nachrichten'],
  'import.script': ['{done} of {total} messages', '{done} von {total} Nachrichten'],
  'import.leave': [
    'You can use your mail meanwhile, leave this page and come back.',
    'Sie können Ihre Post inzwischen benutzen, diese Seite verlassen und wiederkommen.',
  ],
  'import.stop': ['Stop', 'Anhalten'],
  'import.overTitle': ['The import has ended', 'Der Import ist zu Ende'],
  'import.doneAll': ['All of it is here.', 'Alles ist da.'],
  'import.doneBefore': ['All of it was here already.', 'Alles war schon da.'],
  'import.donePartly': [
    'The mail is here; what could not be taken is listed below.',
    'Die Post ist da; was nicht übernommen werden konnte, steht unten.',
  ],
  'import.result': ['In numbers', 'In Zahlen'],
  'import.added': ['Added', 'Dazugekommen'],
  'import.present': ['Here before', 'Schon da gewesen'],
  'import.left': ['Messages left behind', 'Nachrichten, die nicht mitkamen'],
  'import.mailboxes': ['Folders', 'Ordner'],
  'import.verified': [
    'All that was added was read back and is equal, octet for octet.',
    'Alles, was dazukam, wurde zurückgelesen und stimmt Byte für Byte.',
  ],
  'import.troubles': ['To look at', 'Zum Nachsehen'],
  'import.moreTroubles': ['And {count} more.', 'Und {count} weitere.'],
  'import.more': ['Import more', 'Mehr importieren'],
} as const satisfies Record<string, Entry>
