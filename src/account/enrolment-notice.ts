// The message by which the owner of an account learns that it was encrypted at a login.
import { domainOf } from './at-rest-rules.ts'
import { composeNotice } from './notices.ts'

/** Canonical lines (CRLF). The address may hold any character that an account's may (RFC 6532). */
export function enrolmentNotice(address: string, time: number): Buffer {
  const lines = [
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
  ]
  return composeNotice(
    domainOf(address),
    address,
    { subject: 'Your mail is now encrypted on the server', lines },
    time,
  )
}
