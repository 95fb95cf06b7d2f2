// The canary: marked words go through the whole life of an account, and then nobody can find one. Not on the disk, not in
// temporary files, logs or the control socket's traffic; and of passwords and keys nothing in the memory of the locked server.
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { skipUnless } from '../support/programs.ts'
import { siteKeyOf } from './canary-keys.ts'
import {
  address,
  crash,
  enableLate,
  largeBytes,
  Life,
  secretWord,
  useImap,
  useLogins,
  word,
} from './canary-life.ts'
import { canaryMessage } from './canary-mail.ts'
import { exactly, spellingsOf } from './canary-marks.ts'
import {
  searchBytes,
  searchDeletedFiles,
  searchDirectory,
  searchFile,
  searchMemory,
  type Sighting,
} from './canary-search.ts'

const mailPatterns = spellingsOf(word)
const passwordPatterns = spellingsOf(secretWord)

const startedAt = Date.now()

function inWords(sightings: readonly Sighting[]): string[] {
  return sightings.map(({ pattern, where, around }) => `${pattern.spelling}: ${where}: ${around}`)
}

async function lookWithCommands({ site }: Life): Promise<void> {
  for (const words of ['user list', 'atrest status', 'status', 'who', `user show ${address}`]) {
    await site.command([...words.split(' '), '--json'])
  }
}

async function assertLocked({ site }: Life): Promise<void> {
  const { stdout } = await site.command(['atrest', 'status', '--json'])
  const { accounts } = JSON.parse(stdout) as { accounts: { isUnlocked: boolean; atRest: string }[] }
  assert.deepEqual(
    accounts.map(({ isUnlocked, atRest }) => [isUnlocked, atRest]),
    [
      [false, 'on'],
      [false, 'on'],
    ],
  )
}

function report(t: TestContext, what: string, sightings: readonly Sighting[]): void {
  const counts = new Map<string, number>()
  for (const { pattern } of sightings) counts.set(pattern.spelling, (counts.get(pattern.spelling) ?? 0) + 1)
  const found = [...counts].map(([spelling, count]) => `${spelling} ${count}`).join(', ')
  t.diagnostic(`${what}: ${found === '' ? 'nothing' : found}`)
}

suite('marked words through the whole life of an account', { timeout: 900_000 }, () => {
  test('a search finds what it is for, in every spelling', () => {
    const said = [
      word,
      word.toUpperCase(),
      Buffer.from(`x${word}y`).toString('base64'),
      Buffer.from(`xy${word}z`).toString('base64'),
      Buffer.from(`xyz${word.toLowerCase()}`).toString('base64'),
      Buffer.from(word).toString('hex').toUpperCase(),
      [...Buffer.from(word)].map((byte) => `=${byte.toString(16).toUpperCase()}`).join(''),
      Buffer.from(word.toUpperCase(), 'utf16le').toString('latin1'),
      Buffer.from(word, 'utf16le').swap16().toString('latin1'),
    ]
    for (const text of said) {
      assert.ok(
        searchBytes(Buffer.from(`before ${text} after`, 'latin1'), mailPatterns, 'here').length > 0,
        text,
      )
    }
    assert.deepEqual(searchBytes(Buffer.from(`before ${word.slice(0, -1)} after`), mailPatterns, 'here'), [])
  })

  test(
    'leave no trace once everybody has logged out',
    { skip: skipUnless(process.platform === 'linux', 'no /proc here') },
    async (t) => {
      await using life = await Life.begin()
      const { site, proxy } = life
      await life.learnKeys('first password')
      await life.deliver(`canary+${word}Detail@example.org`, canaryMessage(word, largeBytes))
      await useImap(life)
      await useLogins(life)
      await crash(life)
      await life.changePassword()
      await life.learnKeys('second password')
      await life.recover()
      await enableLate(life)
      await lookWithCommands(life)
      await life.learnKeys('third password')

      // While somebody is logged in, keys and words are there to be found: the search is worth something.
      const keys = life.secrets.filter(({ spelling }) => spelling.endsWith('(third password)'))
      {
        using session = await life.login()
        await session.ok('SELECT INBOX')
        await session.ok('FETCH 1 (BODY.PEEK[])')
        const unlocked = await searchMemory(site.pid, [...keys, ...mailPatterns])
        report(t, `memory while unlocked (${Math.round(unlocked.bytes / 1e6)} MB mapped)`, unlocked.sightings)
        for (const name of ['volume key', 'root', 'delivery seed', 'mailbox key']) {
          assert.ok(
            unlocked.sightings.some(({ pattern }) => pattern.spelling.startsWith(name)),
            name,
          )
        }
        assert.ok(unlocked.sightings.some(({ pattern }) => pattern.spelling === 'as it is'))
        await session.logout()
      }
      await assertLocked(life)

      const everything = [...mailPatterns, ...passwordPatterns, ...life.secrets]
      const data = await searchDirectory(site.root, everything)
      t.diagnostic(`${data.files} files of ${Math.round(data.bytes / 1e6)} MB at the site`)
      assert.ok(data.bytes > 1.5 * largeBytes)
      assert.deepEqual(inWords(data.sightings), [])
      for (const directory of ['/tmp', '/var/tmp', '/dev/shm']) {
        const found = await searchDirectory(directory, everything, { since: startedAt, except: [site.root] })
        assert.deepEqual(inWords(found.sightings), [], directory)
      }
      assert.deepEqual(inWords(await searchDeletedFiles(site.pid, everything)), [])
      assert.ok(site.log.length > 1000)
      assert.deepEqual(inWords(searchBytes(site.log, everything, 'log')), [])
      assert.deepEqual(inWords(searchBytes(proxy.trafficWithoutSecrets, everything, 'control socket')), [])
      assert.ok(searchBytes(proxy.traffic, passwordPatterns, 'control socket').length > 0)
      for (const name of ['cmdline', 'environ']) {
        assert.deepEqual(inWords(await searchFile(`/proc/${site.pid}/${name}`, everything)), [])
      }

      const siteKey = await siteKeyOf(site.dataDir)
      const locked = await searchMemory(site.pid, [
        ...everything,
        siteKey,
        exactly('own word', Buffer.from('LETTERLOCK')),
      ])
      const isSecret = ({ pattern }: Sighting): boolean =>
        life.secrets.includes(pattern) || passwordPatterns.includes(pattern)
      report(t, `memory while locked (${Math.round(locked.bytes / 1e6)} MB mapped)`, locked.sightings)
      assert.ok(locked.sightings.some(({ pattern }) => pattern === siteKey))
      assert.deepEqual(inWords(locked.sightings.filter(isSecret)), [])
    },
  )
})
