// Texts of the admin's view.
import type { Entry } from './catalogue.ts'

export const adminTexts = {
  'admin.title': ['This server', 'Dieser Server'],
  'admin.lead': [
    'What there is, and how it is. Nobody’s mail can be seen here.',
    'Was es gibt und wie es darum steht. Niemandes Post ist hier zu sehen.',
  ],
  'admin.health': ['State', 'Zustand'],
  'admin.version': ['Version', 'Version'],
  'admin.startedAt': ['Running since', 'Läuft seit'],
  'admin.listeners': ['Listens at', 'Lauscht auf'],
  'admin.certificate': ['Certificate ends', 'Zertifikat endet'],
  'admin.unknown': ['not known', 'nicht bekannt'],
  'admin.escrow': ['Recovery key', 'Wiederherstellungsschlüssel'],
  'admin.escrow.none': ['none', 'keiner'],
  'admin.escrow.set': [
    'set; {threshold} of {holders} holders open it; accounts with a slot for it: {accounts}',
    'angelegt; {threshold} von {holders} Inhabern öffnen ihn; Konten mit einem Slot dafür: {accounts}',
  ],
  'admin.accounts': ['Accounts ({count})', 'Konten ({count})'],
  'admin.address': ['Address', 'Adresse'],
  'admin.state': ['State', 'Zustand'],
  'admin.size': ['Size', 'Größe'],
  'admin.waiting': ['Waiting mail', 'Wartende Post'],
  'admin.disabled': ['disabled', 'gesperrt'],
  'admin.noCode': ['no recovery code', 'kein Wiederherstellungscode'],
  'admin.unlocked': ['open now', 'gerade offen'],
  'admin.previous': ['Previous', 'Vorige'],
  'admin.next': ['Next', 'Nächste'],
  'admin.sessions': ['Connections ({count})', 'Verbindungen ({count})'],
  'admin.commands': [
    'Changes are made with the letterlock command on the server itself.',
    'Änderungen macht der Befehl letterlock auf dem Server selbst.',
  ],
} as const satisfies Record<string, Entry>
