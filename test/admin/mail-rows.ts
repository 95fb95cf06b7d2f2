// Rows of the commands about mailboxes and messages: how they are typed and answer. What they do to an account is in mail-commands.test.ts.
import assert from 'node:assert/strict'
import type { OpenAccount } from '../../src/account/api.ts'
import { alice as openAlice, chunks, mail, makeSite } from '../account/support.ts'
import { alice, missing, type Row } from './command-rows.ts'
import type { Bench } from './harness.ts'

const typedPassword = { stdin: 'old secret words' }
const encoded = '=?utf-8?q?Gr=C3=BC=C3=9Fe_=1B[31m?='

/** An account with three messages in INBOX, and a few mailboxes. */
async function inside(): Promise<OpenAccount> {
  const open = await openAlice(await makeSite())
  await open.append('INBOX', chunks(mail('one')), { flags: ['\\Seen', '$Important'], internalDate: 0 })
  await open.append('INBOX', chunks(mail(encoded)), { flags: [], internalDate: 0 })
  await open.append('INBOX', chunks(mail('three')), { flags: ['\\Deleted'], internalDate: 0 })
  await open.createMailbox('Lists/Node')
  await open.subscribe('Nowhere')
  return open
}

const withMail = (bench: Bench): void => {
  bench.accounts.inside = inside
}

const ok = (name: string, words: string[], out: RegExp | undefined, err?: RegExp): Row => ({
  name,
  argv: [...words.slice(0, 2), alice, ...words.slice(2), '--password-file', '-'],
  options: typedPassword,
  before: withMail,
  exitCode: 0,
  ...(out ? { out } : {}),
  ...(err ? { err } : {}),
})

const no = (name: string, words: string[], exitCode: number, err: RegExp): Row => ({
  ...ok(name, words, undefined, err),
  exitCode,
})

export const mailRows: readonly Row[] = [
  ok(
    'mailbox list shows counts, and subscriptions that lead nowhere',
    ['mailbox', 'list'],
    /^MESSAGES +UNSEEN +SIZE +SUBSCRIBED +USE +NAME\n3 +2 +\d+ B +yes +- +INBOX\n[\s\S]*Lists\/Node\n/,
    /Subscribed, and not there: Nowhere/,
  ),
  ok(
    'mailbox list --json',
    ['mailbox', 'list', '--json'],
    /"mailboxes":\[\{"name":"INBOX","messages":3,"unseen":2,.*"onlySubscribed":\["Nowhere"\]\}/,
  ),
  ok('mailbox status', ['mailbox', 'status', 'inbox'], /name +INBOX\nmessages +3[\s\S]*deleted +1 \(/),
  ok(
    'mailbox status --json',
    ['mailbox', 'status', 'INBOX', '--json'],
    /"uidNext":4,.*"deleted":1,.*"keywords":\["\$Important"\]/,
  ),
  no('mailbox status of what is not there', ['mailbox', 'status', 'Nowhere'], 68, /no such mailbox/),
  ok('mailbox create', ['mailbox', 'create', 'A/B'], undefined, /has a mailbox A\/B/),
  no(
    'mailbox create for a use that another has',
    ['mailbox', 'create', 'Raus', '--special-use', 'trash'],
    73,
    /Another mailbox has that special use/,
  ),
  no(
    'mailbox create for a use there is not',
    ['mailbox', 'create', 'X', '--special-use', 'All'],
    64,
    /Archive/,
  ),
  no('mailbox create of what is there', ['mailbox', 'create', 'Lists'], 73, /exists already/),
  no('mailbox create with a name that is none', ['mailbox', 'create', 'a//b'], 65, /not allowed/),
  ok('mailbox rename', ['mailbox', 'rename', 'Lists', 'Alt'], undefined, /Lists is Alt now/),
  no('mailbox rename of what is not there', ['mailbox', 'rename', 'Nowhere', 'Alt'], 68, /no such mailbox/),
  ok('mailbox rename --dry-run', ['mailbox', 'rename', 'Lists', 'Alt', '--dry-run'], undefined, /could be/),
  ok('mailbox subscribe', ['mailbox', 'subscribe', 'Lists/Node'], undefined, /is subscribed/),
  ok('mailbox unsubscribe', ['mailbox', 'unsubscribe', 'Nowhere'], undefined, /is not subscribed/),
  ok('mailbox delete --yes', ['mailbox', 'delete', 'Lists/Node', '--yes'], undefined, /Deleted Lists\/Node/),
  ok(
    'mailbox delete --dry-run says what would go',
    ['mailbox', 'delete', 'Lists/Node', '--dry-run', '--json'],
    /"messages":0,"sizeBytes":0,"deleted":false/,
  ),
  no('mailbox delete must be confirmed', ['mailbox', 'delete', 'Lists/Node'], 64, /must be confirmed/),
  no('mailbox delete of INBOX', ['mailbox', 'delete', 'INBOX', '--yes'], 65, /INBOX cannot be deleted/),
  no('mailbox delete with others below', ['mailbox', 'delete', 'Lists', '--yes'], 65, /inferior/),
  {
    name: 'mailbox delete asks for the address, and says how much will go where nobody has to be asked for a password',
    argv: ['mailbox', 'delete', alice, 'Lists/Node', '--site-key'],
    options: { typed: [alice] },
    before: withMail,
    exitCode: 0,
    err: /Lists\/Node of alice@example\.org will be gone for good, with 0 messages/,
  },
  ok(
    'message list decodes and disarms what others wrote',
    ['message', 'list'],
    /^UID +RECEIVED +SIZE +FLAGS +FROM +SUBJECT\n1 +1970-01-01 00:00 +\d+ B +\\Seen \$Important +Bob <bob@example\.org> +one\n2 .* Grüße \ufffd\[31m\n3 /,
  ),
  ok(
    'message list of some',
    ['message', 'list', '2:*', '--json'],
    /"messages":\[\{"uid":2,[^\]]*\],[^\]]*\{"uid":3/,
  ),
  ok('message list of none', ['message', 'list', '7', '--json'], /"messages":\[\]/),
  no('message list of what are no UIDs', ['message', 'list', '0'], 64, /UIDS must be UIDs as IMAP writes/),
  no('message list elsewhere', ['message', 'list', '--mailbox', 'Nowhere'], 68, /No such mailbox/i),
  ok(
    'message show',
    ['message', 'show', '1'],
    new RegExp(
      `^${mail('one')
        .toString()
        .replace(/[.+<>$()[\]]/g, '\\$&')}$`,
    ),
  ),
  ok('message show --header', ['message', 'show', '1', '--header'], /^From: [\s\S]*\+0000\r\n\r\n$/),
  ok(
    'message show --json',
    ['message', 'show', '3', '--json'],
    new RegExp(
      `"uid":3,.*"flags":\\["\\\\\\\\Deleted"\\],"octets":"${mail('three').toString('base64').replace(/\+/g, '\\+')}"`,
    ),
  ),
  no('message show of what is not there', ['message', 'show', '9'], 68, /no message with that UID/),
  no('message show of what is no UID', ['message', 'show', '1:2'], 64, /UID/),
  ok(
    'message flag',
    ['message', 'flag', '1:*', '--add', '\\Seen $Done'],
    undefined,
    /3 messages in INBOX, 3 changed/,
  ),
  ok(
    'message flag --json',
    ['message', 'flag', '1,3', '--remove', '(\\seen)', '--json'],
    /"messages":2,"changed":1/,
  ),
  ok(
    'message flag --replace of none',
    ['message', 'flag', '1', '--replace', '()', '--json'],
    /"messages":1,"changed":1/,
  ),
  ok(
    'message flag --dry-run',
    ['message', 'flag', '1', '--replace', '()', '--dry-run', '--json'],
    /"changed":0/,
  ),
  no('message flag without flags', ['message', 'flag', '1'], 64, /--add FLAGS or --remove FLAGS/),
  no(
    'message flag both ways',
    ['message', 'flag', '1', '--replace', '()', '--add', 'x'],
    64,
    /--replace FLAGS alone/,
  ),
  no(
    'message flag that lost its backslash',
    ['message', 'flag', '1', '--add', 'Seen'],
    64,
    /write '\\Seen', with quotes/,
  ),
  no('message flag that is none', ['message', 'flag', '1', '--add', '\\Recent'], 64, /must be one of/),
  no(
    'message flag with a keyword that is none',
    ['message', 'flag', '1', '--add', 'a{b'],
    64,
    /does not allow/,
  ),
  ok('message delete --yes', ['message', 'delete', '1:2', '--yes', '--json'], /"messages":2,"deleted":true/),
  ok(
    'message delete --dry-run',
    ['message', 'delete', '1:*', '--dry-run', '--json'],
    /"messages":3,"deleted":false/,
  ),
  no('message delete must be confirmed', ['message', 'delete', '1'], 64, /must be confirmed/),
  {
    name: 'message delete asks for the address before the password',
    argv: ['message', 'delete', alice, '1,2'],
    options: { typed: [alice, 'old secret words'] },
    before: withMail,
    exitCode: 0,
    err: /Messages 1,2 in INBOX of alice@example\.org will be gone for good[\s\S]*Deleted 2 messages in INBOX/,
    after: ({ questions }) => assert.deepEqual(questions, [`Type ${alice} to go on`, `Password of ${alice}`]),
  },
  {
    name: 'message delete does nothing when another address is typed',
    argv: ['message', 'delete', alice, '1'],
    options: { typed: ['bob'] },
    before: withMail,
    exitCode: 64,
    err: /not confirmed: nothing was done/,
  },
  {
    ...no('mailbox list with a wrong password', ['mailbox', 'list'], 65, /wrong password/),
    options: { stdin: 'guess' },
  },
  { name: 'mailbox list of nobody', argv: ['mailbox', 'list', missing, '--site-key'], exitCode: 67 },
  {
    name: 'mailbox list with two ways in',
    argv: ['mailbox', 'list', alice, '--site-key', '--admin-key', '--json'],
    exitCode: 64,
    err: /one of them/,
  },
  {
    name: 'mailbox list with admins and no admin key',
    argv: ['mailbox', 'list', alice, '--admins', '2', '--password-file', '-'],
    options: typedPassword,
    exitCode: 64,
    err: /--admins goes with --admin-key/,
  },
  {
    name: 'mailbox list by as many admins as share the key',
    argv: ['mailbox', 'list', alice, '--admin-key', '--admins', '5', '--json', ...adminFiles()],
    options: { stdin: 'one\ntwo\nthree\nfour\nfive\n' },
    before: withMail,
    exitCode: 0,
    out: /"name":"INBOX"/,
  },
]

function adminFiles(): string[] {
  return ['', '-2', '-3', '-4', '-5'].flatMap((other) => [`--admin-password${other}-file`, '-'])
}
