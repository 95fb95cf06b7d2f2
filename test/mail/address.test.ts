import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddresses } from '../../src/mail/address.ts'
import { octets } from './messages.ts'

// name|route|mailbox@domain; a missing member is left out, a group is `name:` and `;`.
function show(text: string): string {
  return parseAddresses(octets(text))
    .map(({ name, route, mailbox, domain }) => {
      if (domain === undefined) return mailbox === undefined ? ';' : `${mailbox}:`
      return `${name ?? ''}|${route ?? ''}|${mailbox ?? ''}@${domain}`
    })
    .join(' , ')
}

const rows: readonly (readonly [string, string, string])[] = [
  ['an address alone', 'a@b.example', '||a@b.example'],
  ['an address in angle brackets', '<a@b.example>', '||a@b.example'],
  ['a display name of atoms', 'Ann Lee <a@b>', 'Ann Lee||a@b'],
  ['a quoted display name with a comma', '"Lee, Ann" <a@b>', 'Lee, Ann||a@b'],
  ['escapes in a quoted name', '"a \\"b\\" \\\\c" <a@b>', 'a "b" \\c||a@b'],
  ['a name with full stops', 'J. R. Lee <a@b>', 'J. R. Lee||a@b'],
  ['encoded words stay as they are', '=?utf-8?q?=C3=A4?= <a@b>', '=?utf-8?q?=C3=A4?=||a@b'],
  ['a name in a comment', 'a@b (Ann Lee)', 'Ann Lee||a@b'],
  ['nested comments', 'a@b (Ann (the (elder)) Lee)', 'Ann (the (elder)) Lee||a@b'],
  [
    'comments everywhere',
    'Pete(one) <(two)pete(three)@(four)silly.test(five)>(six)',
    'Pete||pete@silly.test',
  ],
  ['several, with empty elements', ',a@b,, c@d ,', '||a@b , ||c@d'],
  ['semicolons between', 'a@b; c@d;', '||a@b , ||c@d'],
  ['a group', 'G: a@b, Ann <c@d>; , e@f', 'G: , ||a@b , Ann||c@d , ; , ||e@f'],
  ['an empty group', 'undisclosed-recipients:;', 'undisclosed-recipients: , ;'],
  ['a group of empty elements', 'G:,,;', 'G: , ;'],
  ['a group that is not closed', 'G: a@b', 'G: , ||a@b , ;'],
  ['two groups', 'G: a@b; H: c@d;', 'G: , ||a@b , ; , H: , ||c@d , ;'],
  ['a quoted local part', '"a b"@c', '||a b@c'],
  ['blanks round the dots and the @', 'a . b @ c . d', '||a.b@c.d'],
  ['a domain literal', 'a@[IPv6:::1]', '||a@[IPv6:::1]'],
  ['a source route', '<@x,@y:a@b>', '|@x,@y|a@b'],
  ['eight-bit names', 'Jörg <a@b>', `${octets('Jörg')}||a@b`],
  ['a local part alone', 'root', '||root@MISSING_DOMAIN'],
  ['a local part alone in brackets', 'Root <root>', 'Root||root@MISSING_DOMAIN'],
  ['a name alone', 'Ann Lee', 'Ann Lee||MISSING_MAILBOX@MISSING_DOMAIN'],
  ['a quoted name alone', '"Ann"', 'Ann||MISSING_MAILBOX@MISSING_DOMAIN'],
  ['empty brackets', '<>', '||MISSING_MAILBOX@MISSING_DOMAIN'],
  ['no local part', '@b', '||MISSING_MAILBOX@b'],
  ['no domain behind the @', 'a@', '||a@MISSING_DOMAIN'],
  ['an unquoted address as the name', 'a@b.c <a@b.c>', 'a@b.c||a@b.c'],
  ['a name before a bare address', 'Ann Lee a@b', 'Ann Lee||a@b'],
  ['junk behind an address', 'a@b junk, c@d', '||a@b , ||c@d'],
  ['junk inside the brackets', '<a@b junk>, c@d', '||a@SYNTAX_ERROR , ||c@d'],
  ['brackets that are not closed', 'Ann <a@b, c@d', 'Ann||a@b , ||c@d'],
  ['a quote that is not closed', '"Ann <a@b>', 'Ann <a@b>||MISSING_MAILBOX@MISSING_DOMAIN'],
  ['a comment that is not closed', 'a@b (Ann', 'Ann||a@b'],
  ['only a comment', '(nobody)', ''],
  ['only blanks', ' \t ', ''],
  ['nothing', '', ''],
  ['stray delimiters', '> , ) : a , ] , <', '||]@MISSING_DOMAIN , ||MISSING_MAILBOX@MISSING_DOMAIN'],
]

for (const [name, text, expected] of rows) {
  test(`reads ${name}`, () => {
    assert.equal(show(text), expected)
  })
}
