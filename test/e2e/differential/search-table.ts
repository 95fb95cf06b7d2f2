// What is searched for: every key of RFC 3501 §6.4.4, and needles of every kind that mail has.

/** One SEARCH: text parts are sent as they are, the needles as literals in UTF-8. */
export type SearchRow = readonly (string | Buffer)[]

const plainKeys = [
  'ALL',
  'ANSWERED',
  'DELETED',
  'DRAFT',
  'FLAGGED',
  'SEEN',
  'UNANSWERED',
  'UNDELETED',
  'UNDRAFT',
  'UNFLAGGED',
  'UNSEEN',
  'KEYWORD $Forwarded',
  'KEYWORD work',
  'UNKEYWORD Work',
  'KEYWORD never-used',
  '5:20',
  '1,3:5,*',
  '*:10',
  'UID 7:30',
  'UID 1000000:*',
  'NOT 5:20',
  'OR SEEN FLAGGED',
  'OR (SEEN DELETED) (NOT FLAGGED UID 1:40)',
  'NOT (OR SEEN NOT DRAFT)',
  '(SEEN) (NOT DELETED)',
  'LARGER 2000',
  'SMALLER 500',
  'LARGER 100 SMALLER 300',
]

const days = [
  '1-Jan-2000',
  '14-Feb-2007',
  '22-Aug-2002',
  '10-Sep-2002',
  '21-Nov-2026',
  '10-Feb-2009',
  '18-Feb-2017',
]
const dateKeys = ['BEFORE', 'ON', 'SINCE', 'SENTBEFORE', 'SENTON', 'SENTSINCE']

const textKeys = ['SUBJECT', 'FROM', 'TO', 'CC', 'BCC', 'BODY']

const needles = [
  'example.org',
  'ann',
  'ANN@EXAMPLE.ORG',
  'Grüße',
  'GRÜSSE',
  'grüße',
  'Jörg',
  'naïve',
  'tést',
  'привет',
  'Сообщение',
  '日本',
  'テスト',
  '€',
  'plain subject',
  'once and again',
  '[list]',
  'Re:',
  'undisclosed',
  'friends',
  'relay.test',
  'quoted local',
  'text',
  'a line of',
  'café',
  'AB',
  'ABC',
  'From here',
  'the',
  'linux',
  'free money',
  'http://',
  'spamassassin',
  'image',
  'letter.txt',
  'odd.bin',
  'zzz-not-there',
]

const headerKeys: readonly (readonly [field: string, needle: string])[] = [
  ['Subject', ''],
  ['X-Empty', ''],
  ['X-None', ''],
  ['X-Colon', 'space'],
  ['Message-ID', 'one@example.org'],
  ['MESSAGE-ID', '<'],
  ['References', 'half'],
  ['Received', 'from'],
  ['Content-Type', 'multipart'],
  ['Content-Type', 'boundary'],
  ['Content-Disposition', 'attachment'],
  ['X-Mailer', 'outlook'],
  ['List-Id', ''],
  ['Date', '2002'],
  ['Return-Path', 'example'],
]

/** All searches, in an order that never changes. */
export function searchRows(): SearchRow[] {
  return [
    ...plainKeys.map((key) => [key]),
    ...dateKeys.flatMap((key) => days.map((day) => [`${key} ${day}`])),
    ...textKeys.flatMap((key) => needles.map((needle) => [`${key} `, Buffer.from(needle)])),
    // TEXT is BODY and the header: some needles do.
    ...needles.filter((_, index) => index % 3 === 0).map((needle) => ['TEXT ', Buffer.from(needle)]),
    ...headerKeys.map(([field, needle]) => [`HEADER ${field} `, Buffer.from(needle)]),
    [`OR SUBJECT `, Buffer.from('list'), ` BODY `, Buffer.from('line')],
    [`UNSEEN TEXT `, Buffer.from('example')],
  ]
}

/** The row as a person would write it. */
export function showRow(row: SearchRow): string {
  return row.map((part) => (typeof part === 'string' ? part : JSON.stringify(part.toString()))).join('')
}
