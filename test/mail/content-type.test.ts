import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  parseContentType,
  parseDisposition,
  parseEncoding,
  parseLanguages,
  parameterValue,
  type Parameter,
} from '../../src/mail/content-type.ts'
import { octets } from './messages.ts'

function show(parameters: readonly Parameter[]): string {
  return parameters.map(({ name, value }) => `${name}=[${value}]`).join(' ')
}

describe('Content-Type', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['text/plain', 'text/plain '],
    [' Text / HTML ; Charset = UTF-8 ', 'Text/HTML Charset=[UTF-8]'],
    ['text/plain (comment); charset=(x)us-ascii(y); a=b', 'text/plain charset=[us-ascii] a=[b]'],
    ['a/b; x="q; \\"r\\""; y=z', 'a/b x=[q; "r"] y=[z]'],
    ['a/b;;; x=1 ;', 'a/b x=[1]'],
    ['a/b; x; y=2; =3; z', 'a/b y=[2]'],
    ['a/b; x="unclosed; y=2', 'a/b x=[unclosed; y=2]'],
    ['a/b; x=; y=2', 'a/b x=[] y=[2]'],
    ['a/b; x=one two; y=2', 'a/b x=[one] y=[2]'],
    ['a/b; name=my cat.gif; y=2', 'a/b name=[my cat.gif] y=[2]'],
    ['a/b; name==?utf-8?q?a=20b?=; y=2', 'a/b name=[=?utf-8?q?a=20b?=] y=[2]'],
    ['a/b; x==?utf-8?q?a=20b?=', 'a/b x=[=?utf-8?q?a=20b?=]'],
    ['a/b; x*0=1; x*1=2; x*2=3', 'a/b x=[123]'],
    ['a/b; x*2=3; X*0=1; x*1="2"; y=0', 'a/b y=[0] x=[123]'],
    ["a/b; x*=utf-8'de'%C3%A4", "a/b x*=[utf-8'de'%C3%A4]"],
    ["a/b; x*0*=utf-8''%C3; x*1*=%A4; x*2=100%", "a/b x*=[utf-8''%C3%A4100%25]"],
    ['a/b; x*0=50%; x*1*=%A4', "a/b x*=[''50%25%A4]"],
    ['a/b; x*1=2; x*3*=4', 'a/b x*1=[2] x*3*=[4]'],
    ['a/b; x*0=1; x*0=2', 'a/b x*0=[1] x*0=[2]'],
    ['a/b; x*y=1; *=2; x**=3; x*99999=4', 'a/b x*y=[1] *=[2] x**=[3] x*99999=[4]'],
  ]
  for (const [value, expected] of rows) {
    test(`reads ${value}`, () => {
      const parsed = parseContentType(octets(value))
      assert.ok(parsed)
      assert.equal(`${parsed.type}/${parsed.subtype} ${show(parsed.parameters)}`, expected)
    })
  }

  for (const value of ['', 'text', 'text/', '/plain', 'text plain', '; charset=x', `${'a'.repeat(128)}/b`]) {
    test(`is unknown when it says ${JSON.stringify(value.slice(0, 20))}`, () => {
      assert.equal(parseContentType(octets(value)), undefined)
    })
  }

  test('keeps a limited number of parameters', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `;x*${index}=a`).join('')
    assert.equal(parseContentType(octets(`a/b${many}`))?.parameters[0]?.value.length, 500)
  })

  test('is asked for parameters by name, in any case', () => {
    const { parameters = [] } = parseContentType(octets('a/b; CharSet=x')) ?? {}
    assert.equal(parameterValue(parameters, 'charset'), 'x')
    assert.equal(parameterValue(parameters, 'boundary'), undefined)
  })
})

test('Content-Disposition has a kind and parameters, or is nothing', () => {
  const parsed = parseDisposition(octets('Attachment; filename=a.txt'))
  assert.equal(parsed?.kind, 'Attachment')
  assert.equal(show(parsed.parameters), 'filename=[a.txt]')
  assert.equal(parseDisposition(octets('; filename=a.txt')), undefined)
})

test('Content-Language is a list of tags', () => {
  assert.deepEqual(parseLanguages(octets('en (x), de-AT,fr')), ['en', 'de-AT', 'fr'])
  assert.deepEqual(parseLanguages(octets('')), [])
  assert.deepEqual(parseLanguages(octets('en,,de')), ['en'])
})

test('Content-Transfer-Encoding is one token', () => {
  assert.equal(parseEncoding(octets(' (x) Base64 (y)')), 'Base64')
  assert.equal(parseEncoding(octets('8bit; x')), '8bit')
  assert.equal(parseEncoding(octets('')), undefined)
})
