// Every command, setting and sentence of SurgeMail's page on at-rest encryption: what each is here, run, and the document that says so.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import type { SurgeChapter } from './surgemail-row.ts'
import { adminRecovery, disadvantages } from './surgemail-rows-admin.ts'
import { limitations } from './surgemail-rows-limits.ts'
import { code, gains, turningOn } from './surgemail-rows-using.ts'
import { SurgeSite } from './surgemail-site.ts'

const chapters: readonly SurgeChapter[] = [turningOn, adminRecovery, gains, disadvantages, limitations, code]

const file = 'src/admin/SURGEMAIL.md'

/** The document: made of the rows, and of nothing else. */
function written(): string {
  const parts = [
    '# SurgeMail’s at-rest encryption, sentence by sentence',
    '',
    'What SurgeMail’s page on at-rest encryption says, in our words, and what it is here. Each paragraph is a row of `test/admin/surgemail.test.ts`, which does what it says on real settings, accounts and a',
    'store on disk, with both command lines. The document is made from those rows: `LETTERLOCK_WRITE_SURGEMAIL=1 npm test -- admin/surgemail` writes it, and the test fails when it differs.',
    '',
  ]
  let number = 0
  for (const { title, rows } of chapters) {
    parts.push(`## ${title}`, '')
    for (const { says, here, difference } of rows) {
      number += 1
      parts.push(`**${number}. ${says}**`, '', `- Here: ${here}`, `- Difference: ${difference}`, '')
    }
  }
  return parts.join('\n')
}

describe('SurgeMail’s page', () => {
  let number = 0
  for (const { title, rows } of chapters) {
    describe(title, () => {
      for (const { says, settings, check } of rows) {
        number += 1
        it(`${number}. ${says}`, async () => {
          await using site = await SurgeSite.open(settings)
          await check(site)
        })
      }
    })
  }

  it('is compared in a document that says what these tests do', async () => {
    if (process.env['LETTERLOCK_WRITE_SURGEMAIL']) await writeFile(file, written())
    assert.equal(await readFile(file, 'utf8'), written())
  })
})
