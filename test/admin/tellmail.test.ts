// SurgeMail's command lines: what each is here, and that no secret stays among the words.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Failure } from '../../src/admin/failure.ts'
import { translateTellmail } from '../../src/admin/tellmail.ts'
import { temporary } from '../transfer/support.ts'

const user = 'user@xyz.com'

const rows: readonly (readonly [typed: string, words: string, secrets?: readonly string[]])[] = [
  ['atrest_admin', 'atrest admin set'],
  ['atrest_admin S3cret', 'atrest admin set --new-admin-password-file -', ['S3cret']],
  [`atrest_admin_decrypt ${user}`, `atrest admin decrypt ${user}`],
  [
    `atrest_admin_decrypt ${user} S3cret`,
    `atrest admin decrypt ${user} --yes --admin-password-file -`,
    ['S3cret'],
  ],
  [`atrest_set_user_pass ${user}`, `atrest admin reset-password ${user}`],
  [
    `atrest_set_user_pass ${user} N3w S3cret`,
    `atrest admin reset-password ${user} --admin-password-file - --password-file -`,
    ['S3cret', 'N3w'],
  ],
  [`add_user ${user} S3cret`, `user add ${user} --password-file -`, ['S3cret']],
  [`add_user ${user}`, `user add ${user}`],
  [`delete_user ${user}`, `user delete ${user}`],
  [`delete_user ${user} --yes`, `user delete ${user} --yes`],
  [`change_pass ${user} S3cret`, `user passwd ${user} --password-file -`, ['S3cret']],
  [`quota ${user} --json`, `quota get ${user} --json`],
  [`quota_set ${user} 2G`, `quota set ${user} 2G`],
  [
    `imap_import ${user} old.xyz.com bob S3cret keep create`,
    `import imap ${user} --site-key --from imaps://old.xyz.com --user bob --source-password-file -`,
    ['S3cret'],
  ],
  [
    `imap_import ${user} old.xyz.com bob keep`,
    `import imap ${user} --site-key --from imaps://old.xyz.com --user bob`,
  ],
  [
    `imap_import ${user} old.xyz.com bob S3cret keep nocreate`,
    `import imap ${user} --site-key --from imaps://old.xyz.com --user bob --source-password-file -`,
    ['S3cret'],
  ],
  [`add_user_alias ${user} info@xyz.com`, `alias add info@xyz.com ${user}`],
  [`add_user_alias ${user} info`, `alias add info@xyz.com ${user}`],
  ['add_user_alias user info@xyz.com', `alias add info@xyz.com ${user}`],
  [`delete_user_alias ${user} info@xyz.com`, `alias remove info@xyz.com ${user}`],
  ['add_domain xyz.com', 'domain add xyz.com'],
  ['delete_domain xyz.com --dry-run', 'domain remove xyz.com --dry-run'],
  ['find_user xyz.com', 'user list *@xyz.com'],
  ['find_user xyz.com user fr*', 'user list fr*@xyz.com'],
  ['quota_domain xyz.com', 'quota get *@xyz.com'],
  [`logout ${user}`, `kick ${user}`],
  ['status', 'status'],
  ['reload --data /x', '--data /x reload'],
  [`path ${user}`, `user show ${user}`],
]

describe('tellmail', () => {
  for (const [typed, words, secrets = []] of rows) {
    it(typed, () => {
      const translated = translateTellmail(typed.split(' '))
      assert.deepEqual([translated.words.join(' '), translated.secrets], [words, secrets])
    })
  }

  for (const typed of [
    'quota_rebuild',
    `quota_rebuild ${user}`,
    'quota_rebuild_domain xyz.com',
    'quota_resetall',
    'clear_cache',
  ]) {
    it(`${typed} has nothing to do`, () =>
      assert.match(translateTellmail(typed.split(' ')).nothing ?? '', /counted exactly|nothing is kept/))
  }

  const refused: readonly (readonly [typed: string, words: RegExp])[] = [
    [`imap_import ${user} old.xyz.com bob S3cret delete create`, /never deleted/],
    [`imap_import ${user} old.xyz.com bob S3cret other create`, /only `keep`/],
    [`atrest_set_user_pass ${user} S3cret`, /both passwords, or none/],
    [`change_pass ${user} S3cret S3cret`, /wrong number of words/],
    ['add_user_alias info', /wrong number of words/],
    ['find_user xyz.com phone 555', /by their names only/],
    [`expire_user ${user} 30 0`, /never deleted by its age/],
    ['add_member list S3cret', /mail server in front/],
    ['S3cret', /no such tellmail command/],
    ['__proto__', /no such tellmail command/],
  ]
  for (const [typed, words] of refused) {
    it(`refuses ${typed}, and repeats no secret`, () => {
      assert.throws(
        () => translateTellmail(typed.split(' ')),
        (error) =>
          error instanceof Failure &&
          error.exitCode === 64 &&
          words.test(error.message) &&
          !`${error.message}${error.hint ?? ''}`.includes('S3cret'),
      )
    })
  }

  it('takes a password off the list of processes while it runs', { timeout: 900_000 }, async (context) => {
    const root = await temporary(context)
    // A server that never answers holds the command where others can look at it.
    const held = createServer(() => undefined)
    held.listen(join(root, 'control.sock'))
    await once(held, 'listening')
    const connected = once(held, 'connection') as Promise<[{ destroy(): void }]>
    const program = fileURLToPath(new URL('../../bin/tellmail.js', import.meta.url))
    const words = [
      'add_user',
      user,
      'S3cretWord',
      '--data',
      root,
      '--set',
      `control_socket=${join(root, 'control.sock')}`,
    ]
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
    const [socket] = await connected
    const line = await readFile(`/proc/${child.pid ?? 0}/cmdline`, 'latin1')
    assert.doesNotMatch(line, /S3cretWord/)
    assert.match(line, /^tellmail/)
    const ended = once(child, 'close')
    socket.destroy()
    held.close()
    await ended
  })
})
