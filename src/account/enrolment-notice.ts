// The message by which the owner of an account learns that it was encrypted at a login.
import { randomToken } from '../crypto/random.ts'
import { domainOf } from './at-rest-rules.ts'

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 5322 §3.3, in UTC. */
function dateField(time: number): string {
  const at = new Date(time)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = `${days[at.getUTCDay()] ?? ''}, ${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ''} ${at.getUTCFullYear()}`
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`
}

/** Canonical lines (CRLF). The address may hold any character that an account's may (RFC 6532). */
export function enrolmentNotice(address: string, time: number): Buffer {
  const domain = domainOf(address)
  const lines = [
    `From: Mail server <postmaster@${domain}>`,
    `To: ${address}`,
    'Subject: Your mail is now encrypted on the server',
    `Date: ${dateField(time)}`,
    `Message-ID: <${randomToken()}@${domain}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Hello,',
    '',
    'from now on your mail is kept encrypted on the server, and your password is the',
    'key to it. Nothing changes in your mail program. Mail that was here before is',
    'being encrypted now; you can go on using it meanwhile.',
    '',
    'PLEASE GET YOUR RECOVERY CODE.',
    '',
    'If you forget your password, nobody can read your mail any more, the operator of',
    'this server included. A recovery code opens it then, and you do not have one yet.',
    'You get it on the web page of your account, or from your administrator, who runs',
    '',
    `    letterlock atrest code regenerate ${address}`,
    '',
    'with you: it asks for your password. Print the code or write it down, and keep it',
    'where you keep other important papers.',
    '',
    'This message was written by the server. It does not ask you for your password, and',
    'nobody who does so by mail is to be trusted.',
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}
