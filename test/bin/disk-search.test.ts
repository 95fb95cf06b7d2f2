// The demo's search must find what it says it looks for, or its silence would prove nothing.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { demoMessages } from '../../src/server/demo/messages.ts'
import { searchDirectory, wordsIn } from '../../src/server/demo/disk-search.ts'

const word = 'Grünspan'
const utf8 = Buffer.from(word, 'utf8')

const spellings: readonly (readonly [string, Buffer])[] = [
  ['as it is', utf8],
  ['in lower case', Buffer.from(word.toLowerCase())],
  ['in capitals', Buffer.from('GRüNSPAN')],
  ['in latin-1', Buffer.from(word, 'latin1')],
  ['quoted-printable', Buffer.from('Gr=C3=BCnspan')],
  ['quoted-printable in lower case', Buffer.from('gr=c3=bcnspan')],
  ['hexadecimal', Buffer.from(utf8.toString('hex'))],
  ['UTF-16', Buffer.from(word, 'utf16le')],
  ['UTF-16, big-endian', Buffer.from(word, 'utf16le').swap16()],
  ['base64 alone', Buffer.from(utf8.toString('base64'))],
  [
    'base64 behind one byte',
    Buffer.from(Buffer.concat([Buffer.from('x'), utf8, Buffer.from('yz')]).toString('base64')),
  ],
  [
    'base64 behind two bytes',
    Buffer.from(Buffer.concat([Buffer.from('xy'), utf8, Buffer.from('zzz')]).toString('base64')),
  ],
  ['base64 of lower case', Buffer.from(Buffer.from(`a ${word.toLowerCase()} b`).toString('base64'))],
]

describe('the search of the disk', () => {
  for (const [name, bytes] of spellings) {
    it(`finds a word ${name}`, () => {
      assert.deepEqual(
        wordsIn([word, 'absent'], Buffer.concat([Buffer.alloc(37, 0xf1), bytes, Buffer.alloc(9)])),
        [word],
      )
    })
  }

  it('finds every word of the demo messages in the messages themselves', () => {
    for (const { words, bytes } of demoMessages)
      assert.deepEqual(wordsIn(words, bytes).sort(), [...words].sort())
  })

  it('begins again when a server renames a file meanwhile, and not for ever', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'letterlock-search-'))
    context.after(() => rm(directory, { recursive: true, force: true }))
    await writeFile(join(directory, 'aged.new'), utf8)
    let opened = 0
    const { files, found } = await searchDirectory(directory, [word], async (path, flags) => {
      opened += 1
      if (opened === 1) await rename(join(directory, 'aged.new'), join(directory, 'aged'))
      return open(path, flags)
    })
    assert.deepEqual([files, found.map(({ file }) => file)], [1, ['aged']])
    const gone = Object.assign(new Error('gone'), { code: 'ENOENT' })
    await assert.rejects(
      searchDirectory(directory, [word], () => Promise.reject(gone)),
      gone,
    )
  })

  it('finds a word in a file name, deep below, and across the pieces in which files are read', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'letterlock-search-'))
    context.after(() => rm(directory, { recursive: true, force: true }))
    await mkdir(join(directory, 'a', 'b'), { recursive: true })
    await writeFile(join(directory, 'a', 'b', 'grünspan.txt'), '')
    const split = Buffer.alloc(3 * 1024 * 1024, 0x20)
    utf8.copy(split, 2 * 1024 * 1024 - 4)
    await writeFile(join(directory, 'a', 'split'), split)
    await writeFile(join(directory, 'clean'), Buffer.alloc(1024))
    const { files, bytes, found } = await searchDirectory(directory, [word])
    assert.equal(files, 3)
    assert.equal(bytes, split.length + 1024)
    assert.deepEqual([...new Set(found.map(({ file }) => file))].sort(), ['a/b/grünspan.txt', 'a/split'])
  })
})
