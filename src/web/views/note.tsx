// Pages that only say that something was not done, and where to go on.
import type { PageReply, Visit } from '../page.ts'
import type { TextKey } from '../texts/catalogue.ts'

const notes = {
  missing: [404, 'note.missing.title', 'note.missing.text'],
  badRequest: [422, 'note.badRequest.title', 'note.badRequest.text'],
  foreignForm: [403, 'note.foreignForm.title', 'note.foreignForm.text'],
  usedForm: [409, 'note.usedForm.title', 'note.usedForm.text'],
  signedOut: [403, 'note.signedOut.title', 'note.signedOut.text'],
  tooLarge: [413, 'note.tooLarge.title', 'note.tooLarge.text'],
  fault: [500, 'note.fault.title', 'note.fault.text'],
} as const satisfies Record<string, readonly [PageReply['status'], TextKey, TextKey]>

export function notePage(visit: Visit, note: keyof typeof notes, id = ''): PageReply {
  const [status, title, text] = notes[note]
  const { t, session } = visit
  return {
    kind: 'page',
    status,
    title: t(title),
    body: (
      <>
        <p class="lead">{t(text, { id })}</p>
        <p>
          <a class="button" href={session ? (note === 'usedForm' ? visit.path : '/') : '/sign-in'}>
            {t(session ? (note === 'usedForm' ? 'note.again' : 'note.overview') : 'note.signIn')}
          </a>
        </p>
      </>
    ),
  }
}
