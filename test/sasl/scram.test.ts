// SCRAM's messages: the conversation of RFC 7677, and what is refused of other people's.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScramError, ScramExchange, type ChannelBinding } from '../../src/sasl/scram.ts'

const noBinding: ChannelBinding = () => undefined
const exporter: ChannelBinding = (type) => (type === 'tls-exporter' ? Buffer.from('EXPORTED') : undefined)
const b64 = (text: string): string => Buffer.from(text).toString('base64')
const told = { salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), iterations: 4096, nonce: 'SERVER' }
const proof = Buffer.alloc(32, 7).toString('base64')

function reasonOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ScramError) return error.reason
    throw error
  }
  return 'taken'
}

describe('a SCRAM exchange', () => {
  it('is the one of RFC 7677', () => {
    const exchange = new ScramExchange(false, noBinding)
    assert.equal(exchange.first(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')), 'user')
    const nonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
    const first = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
    assert.equal(String(exchange.challenge({ ...told, nonce })), first)
    const bare = `c=biws,r=rOprNGfwEbeRWgbNEkqO${nonce}`
    const final = exchange.final(Buffer.from(`${bare},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`))
    assert.equal(String(final.authMessage), `n=user,r=rOprNGfwEbeRWgbNEkqO,${first},${bare}`)
    assert.equal(final.clientProof.toString('base64'), 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=')
    assert.equal(String(exchange.success(Buffer.from('signed'))), `v=${b64('signed')}`)
  })

  const firsts: readonly [message: string, isPlus: boolean, outcome: string][] = [
    ['n,,n=a,r=x', false, 'taken'],
    ['y,,n=a,r=x', false, 'taken'],
    ['n,a=a,n=a,r=x', false, 'taken'],
    ['n,,n=a,r=x,e=more,f=and more', false, 'taken'],
    ['p=tls-exporter,,n=a,r=x', true, 'taken'],
    ['n,a=b,n=a,r=x', false, 'authorization'],
    ['n,,n=a,r=x', true, 'malformed'],
    ['y,,n=a,r=x', true, 'malformed'],
    ['p=tls-exporter,,n=a,r=x', false, 'malformed'],
    ['p=tls-unique,,n=a,r=x', true, 'binding'],
    ['p=tls-server-end-point,,n=a,r=x', true, 'binding'],
    ['p=,,n=a,r=x', true, 'malformed'],
    ['', false, 'malformed'],
    ['n', false, 'malformed'],
    ['n,,', false, 'malformed'],
    ['x,,n=a,r=x', false, 'malformed'],
    ['n,,m=must,n=a,r=x', false, 'malformed'],
    ['n,,n=a,r=x,m=must', false, 'malformed'],
    ['n,,n=a,r=x,', false, 'malformed'],
    ['n,,n=,r=x', false, 'malformed'],
    ['n,,n=a', false, 'malformed'],
    ['n,,n=a,r=', false, 'malformed'],
    ['n,,r=x,n=a', false, 'malformed'],
    ['n,,n=a,r=a b', false, 'malformed'],
    ['n,,n=a,r=\u00fc', false, 'malformed'],
    [`n,,n=a,r=${'x'.repeat(513)}`, false, 'malformed'],
    ['n,,n=a=2c,r=x', false, 'malformed'],
    ['n,,n=a=,r=x', false, 'malformed'],
    ['n,,n=a\0b,r=x', false, 'malformed'],
    ['n,,n=\x80,r=x', false, 'malformed'],
    [`n,,n=${'a'.repeat(400)},r=x`, false, 'malformed'],
  ]
  for (const [message, isPlus, outcome] of firsts)
    it(`${isPlus ? '-PLUS ' : ''}begun with ${JSON.stringify(message.slice(0, 40))}: ${outcome}`, () => {
      const exchange = new ScramExchange(isPlus, isPlus ? exporter : noBinding)
      assert.equal(
        reasonOf(() => exchange.first(Buffer.from(message, 'latin1'))),
        outcome,
      )
    })

  it('does not believe a client that was told of no channel binding where there is one', () => {
    assert.equal(
      reasonOf(() => new ScramExchange(false, exporter).first(Buffer.from('y,,n=a,r=x'))),
      'binding',
    )
    assert.equal(
      reasonOf(() => new ScramExchange(false, exporter).first(Buffer.from('n,,n=a,r=x'))),
      'taken',
    )
  })

  it('reads what is escaped in a name', () => {
    const name = (text: string): string => new ScramExchange(false, noBinding).first(Buffer.from(text))
    assert.equal(name('n,,n=a=2Cb=3Dc,r=x'), 'a,b=c')
    assert.equal(name('n,a=a=2Cb,n=a=2Cb,r=x'), 'a,b')
    assert.equal(name('n,,n=j\u00fcrgen@ex\u00e4mple,r=x'), 'j\u00fcrgen@ex\u00e4mple')
    assert.equal(name('n,,n=a=3D2Cb,r=x'), 'a=2Cb')
  })

  const finals: readonly [message: string, outcome: string][] = [
    [`c=biws,r=xSERVER,p=${proof}`, 'taken'],
    [`c=biws,r=xSERVER,e=more,p=${proof}`, 'taken'],
    [`c=biws,r=xSERVER`, 'malformed'],
    [`c=biws,r=xSERVER,p=`, 'malformed'],
    [`c=biws,r=xSERVER,p=${b64('short')}`, 'malformed'],
    [`c=biws,r=xSERVER,p=***`, 'malformed'],
    [`c=biws,r=xSERVER,p=${proof},e=behind`, 'malformed'],
    [`c=biws,r=x,p=${proof}`, 'malformed'],
    [`c=biws,r=SERVER,p=${proof}`, 'malformed'],
    [`c=biws,r=xSERVERx,p=${proof}`, 'malformed'],
    [`r=xSERVER,c=biws,p=${proof}`, 'malformed'],
    [`c=biws,p=${proof}`, 'malformed'],
    [`c=biws,r=xSERVER,m=must,p=${proof}`, 'malformed'],
    [`c=***,r=xSERVER,p=${proof}`, 'malformed'],
    [`c=${b64('y,,')},r=xSERVER,p=${proof}`, 'binding'],
    [`c=${b64('n,,more')},r=xSERVER,p=${proof}`, 'binding'],
    ['', 'malformed'],
  ]
  for (const [message, outcome] of finals)
    it(`ended with ${JSON.stringify(message)}: ${outcome}`, () => {
      const exchange = new ScramExchange(false, noBinding)
      exchange.first(Buffer.from('n,,n=a,r=x'))
      exchange.challenge(told)
      assert.equal(
        reasonOf(() => exchange.final(Buffer.from(message))),
        outcome,
      )
    })

  it('is bound to what the connection exports, under -PLUS', () => {
    const outcome = (bound: string): string => {
      const exchange = new ScramExchange(true, exporter)
      exchange.first(Buffer.from('p=tls-exporter,,n=a,r=x'))
      exchange.challenge(told)
      return reasonOf(() => exchange.final(Buffer.from(`c=${b64(bound)},r=xSERVER,p=${proof}`)))
    }
    assert.equal(outcome('p=tls-exporter,,EXPORTED'), 'taken')
    assert.equal(outcome('p=tls-exporter,,EXPORTEE'), 'binding')
    assert.equal(outcome('p=tls-exporter,,'), 'binding')
    assert.equal(outcome('n,,'), 'binding')
  })
})
