// What others may try against the page, and what comes of it.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { pages } from '../../src/web/registry.ts'
import { attachment } from '../../src/web/headers.ts'
import { alice, alicePassword, pageServer } from './page-server.ts'
import { alice as openedAccount, makeSite } from '../account/support.ts'
import { RawClient } from './raw-client.ts'

const sessionCookie = 'letterlock-session'

suite('forms from elsewhere', () => {
  const foreign: readonly (readonly [name: string, headers: Readonly<Record<string, string>>])[] = [
    ['another origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['the same host over another scheme', { origin: 'https://127.0.0.1' }],
    ['cross-site by Fetch Metadata', { 'sec-fetch-site': 'cross-site' }],
    ['same-site, which is not the same origin', { 'sec-fetch-site': 'same-site' }],
  ]
  for (const [name, headers] of foreign) {
    test(`a form from ${name} changes nothing, even with the right token`, async () => {
      await using site = await pageServer()
      const client = new RawClient(site.port)
      await client.signIn(alice, alicePassword)
      const token = await client.tokenOf('/change-password')
      const fields = {
        token,
        password: alicePassword,
        newPassword: 'attacker password',
        repeat: 'attacker password',
      }
      assert.equal((await client.post('/change-password', fields, headers)).status, 403)
      assert.equal(site.accounts.find(alice).password, alicePassword)
      assert.equal((await client.post('/sign-out', { token }, headers)).status, 403)
      assert.match((await client.get('/')).body, /Overview/)
    })
  }

  const tokens: readonly (readonly [
    name: string,
    token: (client: RawClient, other: RawClient) => Promise<string>,
  ])[] = [
    ['none', async () => ''],
    ['an invented one', async () => 'x'.repeat(32)],
    ['one of another form', (client) => client.tokenOf('/new-code')],
    ['one of another session', (_, other) => other.tokenOf('/change-password')],
  ]
  for (const [name, make] of tokens) {
    test(`a form with a wrong token (${name}) changes nothing`, async () => {
      await using site = await pageServer()
      const account = site.accounts.find(alice)
      account.atRest = 'on'
      account.code = 'x'
      const [client, other] = [new RawClient(site.port), new RawClient(site.port)]
      await client.signIn(alice, alicePassword)
      await other.signIn(alice, alicePassword)
      const token = await make(client, other)
      const fields = {
        token,
        password: alicePassword,
        newPassword: 'attacker password',
        repeat: 'attacker password',
      }
      const answer = await client.post('/change-password', fields)
      assert.equal(answer.status, 409)
      assert.match(answer.body, /Nothing was changed/)
      assert.equal(account.password, alicePassword)
    })
  }

  test('a form that is sent twice counts once', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    const token = await client.tokenOf('/app-passwords')
    const fields = { token, what: 'add', name: 'Phone', imap: 'yes', password: alicePassword }
    const first = await client.post('/app-passwords', fields)
    assert.equal(first.status, 200)
    const again = await client.post('/app-passwords', fields)
    assert.equal(again.status, 409)
    assert.equal(site.accounts.find(alice).appPasswords.length, 1)
    assert.doesNotMatch(again.body, /id="code"/)
  })

  test('signing in needs a form that this browser was given', async () => {
    await using site = await pageServer()
    const [client, other] = [new RawClient(site.port), new RawClient(site.port)]
    const token = await other.tokenOf('/sign-in')
    assert.equal(
      (await client.post('/sign-in', { token, address: alice, password: alicePassword })).status,
      409,
    )
    assert.equal(client.cookies.has(sessionCookie), false)
  })

  test('no page changes anything by GET', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    for (const path of [
      '/sign-out',
      '/language?language=de',
      '/rolled-back?address=alice@example.org',
      '/recovery/cancel?address=alice@example.org&token=x',
      '/seal-older',
      '/renew-keys?bodies=all',
      '/turn-on',
      '/turn-off',
      '/confirm-code',
      '/app-passwords?what=revoke',
    ]) {
      await client.get(path)
    }
    assert.match((await client.get('/')).body, /<html lang="en">[^]*Overview/)
  })

  /** Whatever page takes a form from those who are signed in: a new one is found here by itself. */
  const taking = pages.filter(({ access, post, upload }) => access !== 'machine' && (post ?? upload))
  for (const { path, access, isHarmless, upload } of taking) {
    test(`${path} takes no form from elsewhere, none without its token, and none of another session`, async () => {
      await using site = await pageServer()
      const account = site.accounts.find(alice)
      account.atRest = path === '/turn-on' ? 'off' : 'on'
      account.code = 'x'
      account.alternate = 'hers@elsewhere.example'
      const [who, secret] = [access === 'admin' ? 'admin@example.org' : alice, alicePassword]
      site.accounts.add('admin@example.org', secret)
      site.accounts.add('mallory@example.org', secret)
      const [client, mallory] = [new RawClient(site.port), new RawClient(site.port)]
      await client.signIn(who, secret)
      await mallory.signIn('mallory@example.org', secret)
      const before = JSON.stringify([...site.accounts.accounts.values()])
      const fields = {
        address: alice,
        password: secret,
        understood: 'yes',
        what: 'remove',
        id: '0'.repeat(8),
      }
      const send = (token: string, headers: Readonly<Record<string, string>> = {}) =>
        upload
          ? client.upload(path, Object.entries({ token, ...fields }), headers)
          : client.post(path, { token, ...fields }, headers)
      const own = await client.tokenOf(path)
      for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
        assert.equal((await send(own, headers)).status, 403)
      if (isHarmless) return
      for (const token of [
        '',
        own.slice(1),
        await mallory.tokenOf(path),
        await client.tokenOf('/', '/sign-out'),
      ])
        if (path !== '/sign-out' || token === '') {
          const { status, headers } = await send(token)
          // A page that does not suit the account takes nothing at all.
          assert.ok(status === 409 || (status === 303 && headers.location === '/'), `${status}`)
        }
      assert.equal(JSON.stringify([...site.accounts.accounts.values()]), before)
    })
  }

  test('only forms are taken as forms', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    const token = await client.tokenOf('/sign-out')
    for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
      assert.equal((await client.post('/sign-out', { token }, { 'content-type': type })).status, 422)
    }
    assert.match((await client.get('/')).body, /Overview/)
  })
})

suite('sessions', () => {
  test('an identifier that somebody planted is never taken over', async () => {
    await using site = await pageServer()
    const victim = new RawClient(site.port)
    const planted = 'A'.repeat(43)
    victim.cookies.set(sessionCookie, planted)
    await victim.signIn(alice, alicePassword)
    assert.notEqual(victim.cookies.get(sessionCookie), planted)
    const attacker = new RawClient(site.port)
    attacker.cookies.set(sessionCookie, planted)
    assert.equal((await attacker.get('/')).headers.location, '/sign-in')
  })

  test('the identifier is another one after each signing in, and signing out ends it', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    const first = client.cookies.get(sessionCookie) ?? ''
    await client.submit('/', {}, '/sign-out')
    await client.signIn(alice, alicePassword)
    assert.notEqual(client.cookies.get(sessionCookie), first)
    const old = new RawClient(site.port)
    old.cookies.set(sessionCookie, first)
    assert.equal((await old.get('/')).status, 303)
  })

  test('two cookies of the name are none', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    const id = client.cookies.get(sessionCookie) ?? ''
    const answer = await client.get('/', { cookie: `${sessionCookie}=planted; ${sessionCookie}=${id}` })
    assert.equal(answer.headers.location, '/sign-in')
  })

  const ends: readonly (readonly [name: string, minutes: readonly number[], isOver: boolean])[] = [
    ['after 16 minutes without a click', [16], true],
    ['not while there are clicks', [10, 10, 10], false],
    ['after 12 hours in any case', Array.from({ length: 73 }, () => 10), true],
  ]
  for (const [name, steps, isOver] of ends) {
    test(`a session ends ${name}`, async () => {
      await using site = await pageServer()
      const client = new RawClient(site.port)
      await client.signIn(alice, alicePassword)
      let status = 0
      for (const minutes of steps) {
        site.clock.advance(minutes * 60_000)
        status = (await client.get('/')).status
      }
      assert.equal(status, isOver ? 303 : 200)
    })
  }

  const changes: readonly (readonly [
    name: string,
    change: (site: Awaited<ReturnType<typeof pageServer>>) => unknown,
  ])[] = [
    [
      'the password was changed elsewhere',
      ({ accounts }) => accounts.changePassword(alice, Buffer.from(alicePassword), Buffer.from('x')),
    ],
    ['the account was disabled', ({ accounts }) => (accounts.find(alice).isDisabled = true)],
    ['the account was deleted', ({ accounts }) => accounts.delete(alice)],
    [
      'another account took its address',
      async ({ accounts }) => {
        await accounts.delete(alice)
        accounts.add(alice, alicePassword)
      },
    ],
  ]
  for (const [name, change] of changes) {
    test(`a session ends when ${name}`, async () => {
      await using site = await pageServer()
      const client = new RawClient(site.port)
      await client.signIn(alice, alicePassword)
      await change(site)
      assert.equal((await client.get('/')).headers.location, '/sign-in')
    })
  }

  test('cookies are bound: HttpOnly, SameSite=Strict, and over TLS __Host- and Secure', async () => {
    await using site = await pageServer({ 'web.trusted_proxies': '127.0.0.1', 'web.tls': 'false' })
    const plain = await new RawClient(site.port).get('/sign-in')
    assert.match(
      plain.headers['set-cookie']?.[0] ?? '',
      /^letterlock-form=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    const secure = new RawClient(site.port, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' })
    const answer = await secure.get('/sign-in')
    assert.match(
      answer.headers['set-cookie']?.[0] ?? '',
      /^__Host-letterlock-form=[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    )
    assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000')
    assert.equal(plain.headers['strict-transport-security'], undefined)
  })

  test('of somebody else’s connections nothing is seen, and none can be ended', async () => {
    await using site = await pageServer()
    const row = { protocol: 'imap', remoteAddress: '192.0.2.8', isTls: true, since: 0, slotKind: 'password' }
    site.accounts.rows = [{ ...row, sessionId: 'bobs', address: 'bob@example.org' }]
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    assert.doesNotMatch((await client.get('/sessions')).body, /192\.0\.2\.8/)
    const token = await client.tokenOf('/', '/sign-out')
    assert.notEqual(token, '')
    site.accounts.rows.push({ ...row, sessionId: 'hers', address: alice })
    await client.submit('/sessions', { session: 'bobs' })
    assert.deepEqual(
      site.accounts.rows.map(({ sessionId }) => sessionId),
      ['bobs', 'hers'],
    )
  })
})

suite('guessing', () => {
  const code = '0000-0000-0000-0000-0000-0000-0000'
  const recovery = { address: alice, code, newPassword: 'long enough 1', repeat: 'long enough 1' }

  test('after a few wrong codes nothing is tried any more for that address', async () => {
    await using site = await pageServer({ 'auth.account_failures': '3' })
    const client = new RawClient(site.port)
    for (let count = 0; count < 3; count++) {
      assert.match((await client.submit('/recover', recovery)).body, /does not belong to this address/)
    }
    assert.match((await client.submit('/recover', recovery)).body, /too many attempts/)
  })

  test('a mistyped code costs no attempt: the server is not asked', async () => {
    await using site = await pageServer({ 'auth.account_failures': '1' })
    const client = new RawClient(site.port)
    for (let count = 0; count < 3; count++) {
      assert.match(
        (await client.submit('/recover', { ...recovery, code: `1${code.slice(1)}` })).body,
        /mistyped in group 1/,
      )
    }
  })

  test('a stolen session is no way to guess the password', async () => {
    await using site = await pageServer({ 'auth.account_failures': '3' })
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    const before = site.accounts.tries
    for (let count = 0; count < 8; count++) {
      await client.submit('/change-password', {
        password: `guess ${count}`,
        newPassword: 'attacker password',
        repeat: 'attacker password',
      })
    }
    assert.equal(site.accounts.tries - before, 3)
    assert.match(site.lines.join('\n'), /auth\.failed/)
  })

  test('neither log nor page says a password, a code or a token', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    await client.signIn(alice, 'Canary-Wrong-Password')
    const { body } = await client.signIn(alice, 'Canary-Wrong-Password')
    await client.signIn(alice, alicePassword)
    for (const secret of ['Canary-Wrong-Password', alicePassword, client.cookies.get(sessionCookie) ?? '?']) {
      assert.equal(site.lines.join('\n').includes(secret), false)
      assert.equal(body.includes(secret), false)
    }
  })
})

suite('what is stored and what is sent is shown as text', () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' \r\nSet-Cookie: a=b \uE0001\uE001`

  test('in every place where a page shows what others wrote', async () => {
    await using site = await pageServer()
    const account = site.accounts.find(alice)
    const now = site.clock.now()
    account.appPasswords = [
      {
        id: hostile,
        name: hostile,
        protocols: ['imap'],
        createdAt: now,
        expiresAt: undefined,
        lastUsedAt: now,
        lastUsedFrom: hostile,
      },
    ]
    account.trail = [
      { at: now, kind: 'recovered', by: 'admin', remoteAddress: hostile, detail: hostile, isNew: true },
    ]
    account.atRest = 'converting'
    account.job = { kind: 'enable', done: 1, total: 2, startedAt: now, waitsFor: hostile }
    site.accounts.rows = [
      {
        sessionId: hostile,
        address: alice,
        protocol: hostile,
        remoteAddress: hostile,
        isTls: true,
        since: now,
        slotKind: hostile,
      },
    ]
    account.alternate = hostile
    site.accounts.add('admin@example.org', alicePassword)
    site.accounts.add(`<script>${hostile}@x`, 'x')
    const [client, admin] = [new RawClient(site.port), new RawClient(site.port)]
    await client.signIn(alice, alicePassword)
    await admin.signIn('admin@example.org', alicePassword)
    const pages = [
      ...(await Promise.all(
        [
          '/',
          '/history',
          '/progress',
          '/app-passwords',
          '/sessions',
          '/progress/events',
          '/alternate-address',
          `/recovery/cancel?address=${encodeURIComponent(hostile)}&token=${encodeURIComponent(hostile)}`,
          `/rolled-back?address=${encodeURIComponent(hostile)}`,
        ].map((path) => client.get(path)),
      )),
      await admin.get('/admin'),
      await client.submit('/recover', { address: hostile, code: 'x' }),
    ]
    for (const { body, headers } of pages) {
      assert.doesNotMatch(body, /<script>alert|<img src=x|<script>"/)
      assert.doesNotMatch(JSON.stringify(headers), /a=b/)
    }
  })

  test('in what came of an import, where files have such names', async () => {
    await using site = await pageServer()
    const opened = await openedAccount(await makeSite())
    site.accounts.opened = async () => opened
    const client = new RawClient(site.port)
    await client.signIn(alice, alicePassword)
    const name = `<img src=x onerror=alert(1)>'&\\";.mbox`
    const answer = await client.upload('/import', [
      ['token', await client.tokenOf('/import')],
      ['password', alicePassword],
      [
        'files',
        `From x Fri May  1 12:00:00 2020\nSubject: a\nX-Keywords: <script>alert(1)</script>\n\nb\n\n`,
        name,
      ],
      ['files', '\x89PNG', name],
    ])
    assert.equal(answer.headers.location, '/import/progress')
    let body = ''
    do body = (await client.get('/import/progress')).body
    while (body.includes('http-equiv="refresh"'))
    assert.match(body, /The import has ended/)
    assert.doesNotMatch(body, /<img src=x|<script>alert/)
  })

  const names: readonly (readonly [given: string, sent: string])[] = [
    ['alice.zip', 'alice.zip'],
    ['a"; filename="evil.exe', 'a___filename__evil.exe'],
    ['a\r\nSet-Cookie: x=y', 'a__Set-Cookie__x_y'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['naïve\u202Etxt.zip', 'na_ve_txt.zip'],
  ]
  for (const [given, sent] of names) {
    test(`a download named ${JSON.stringify(given)} is called ${sent}`, () => {
      assert.equal(attachment(given), `attachment; filename="${sent}"`)
    })
  }

  test('in the XML for mail programs', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    const address = encodeURIComponent('x@"><hostname>evil')
    const { body } = await client.get(`/mail/config-v1.1.xml?emailaddress=${address}`)
    assert.doesNotMatch(body, /evil/)
    const request = '<EMailAddress>a&amp;b@example.org</EMailAddress>'
    const answer = await client.send('POST', '/autodiscover/autodiscover.xml', request, {
      'content-type': 'text/xml',
    })
    assert.equal(answer.status, 200)
    assert.doesNotMatch(answer.body, /<LoginName>a&b/)
  })
})

suite('paths and redirects', () => {
  const elsewhere = [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/static/../evil',
    '/sign-out',
    'javascript:alert(1)',
    '/%0d%0aLocation:%20x',
  ]
  for (const next of elsewhere) {
    test(`nobody is sent on to ${next}`, async () => {
      await using site = await pageServer()
      const { headers } = await new RawClient(site.port).post('/language', { language: 'de', next })
      assert.match(headers.location ?? '', /^\/(sign-out)?$/)
    })
  }

  const paths = [
    '/static/../../package.json',
    '/static/%2e%2e/%2e%2e/package.json',
    '/static/..%2f..%2fpackage.json',
    '/static/comfort.js/../../../x',
    '/../../etc/passwd',
    '//etc/passwd',
    '//[',
    '/static/',
    '/%00',
    '/.env',
  ]
  for (const path of paths) {
    test(`${path} is no page`, async () => {
      await using site = await pageServer()
      const { status, body } = await new RawClient(site.port).get(path)
      assert.equal(status, 404)
      assert.doesNotMatch(body, /"name": "letterlock"|root:/)
    })
  }
})

suite('too much, too slow, too odd', () => {
  test('a body that is too large is refused, announced or not', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    const large = 'a'.repeat(600 * 1024)
    assert.equal((await client.post('/sign-in', { address: large })).status, 413)
    const chunked = await client.send('POST', '/sign-in', `address=${large}`, {
      'content-type': 'application/x-www-form-urlencoded',
      'transfer-encoding': 'chunked',
    })
    assert.equal(chunked.status, 413)
  })

  test('a form with too many fields is refused', async () => {
    await using site = await pageServer()
    const fields = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, 'x']))
    assert.equal((await new RawClient(site.port).post('/sign-in', fields)).status, 422)
  })

  test('a body that stops is given up when its connection ends, and the server goes on', async () => {
    await using site = await pageServer()
    const socket = connect(site.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      `POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\naddress=`,
    )
    socket.destroy()
    assert.equal((await new RawClient(site.port).get('/sign-in')).status, 200)
  })

  test('plain HTTP is spoken with this machine only, and with proxies that are named', async () => {
    await using site = await pageServer()
    const foreign = await new RawClient(site.port).get('/sign-in', { 'x-forwarded-for': '203.0.113.5' })
    assert.equal(foreign.status, 403)
    await using proxied = await pageServer({ 'web.trusted_proxies': '127.0.0.0/8', 'web.tls': 'false' })
    const insecure = await new RawClient(proxied.port).get('/sign-in', { 'x-forwarded-for': '203.0.113.5' })
    assert.equal(insecure.status, 403)
    const secure = await new RawClient(proxied.port).get('/sign-in', {
      'x-forwarded-for': '203.0.113.5',
      'x-forwarded-proto': 'https',
    })
    assert.equal(secure.status, 200)
  })

  test('where the settings name the page, other names are not served, but mail programs are', async () => {
    await using site = await pageServer({ 'web.base_url': 'http://mail.example.org' })
    const client = new RawClient(site.port)
    assert.equal((await client.get('/sign-in', { host: 'rebound.evil.example' })).status, 421)
    assert.equal((await client.get('/sign-in', { host: 'mail.example.org' })).status, 200)
    assert.equal((await client.get('/mail/config-v1.1.xml', { host: 'autoconfig.example.org' })).status, 200)
  })

  test('every answer has the headers that keep a page what it is', async () => {
    await using site = await pageServer()
    const client = new RawClient(site.port)
    for (const path of ['/sign-in', '/nowhere', '/', '/mail/config-v1.1.xml']) {
      const { headers } = await client.get(path)
      assert.match(
        String(headers['content-security-policy']),
        /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
      )
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/)
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'same-origin')
    }
  })
})
