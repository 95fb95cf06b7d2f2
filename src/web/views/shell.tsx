// The frame around every page: head, name, menu, language.
import type { FC } from 'hono/jsx'
import { icon, script, stylesheet } from '../assets.ts'
import { offeredMenu } from '../menu.ts'
import type { PageReply, Visit } from '../page.ts'
import { languageNames, languages } from '../text.ts'
import { Token } from './form.tsx'
import { Icon } from './icon.tsx'

const Menu: FC<{ readonly visit: Visit }> = ({ visit }) => {
  const { t, path } = visit
  const groups = offeredMenu(visit)
  const lists = groups.map(({ title, entries }) => (
    <div class="menu-group">
      <h2>{t(title)}</h2>
      <ul>
        {entries.map((entry) => (
          <li>
            <a href={entry.path} {...(entry.path === path ? { 'aria-current': 'page' } : {})}>
              {t(entry.title)}
            </a>
          </li>
        ))}
      </ul>
    </div>
  ))
  return (
    <nav class="menu" aria-label={t('shell.menu')}>
      <details class="menu-fold">
        <summary>{t('shell.menu')}</summary>
        {lists}
      </details>
      <div class="menu-open">{lists}</div>
    </nav>
  )
}

const Languages: FC<{ readonly visit: Visit }> = ({ visit }) => (
  <form class="languages" method="post" action="/language">
    <input type="hidden" name="next" value={visit.path} />
    <span id="language-label">{visit.t('shell.language')}</span>
    {languages.map((language) => (
      <button
        type="submit"
        name="language"
        value={language}
        lang={language}
        {...(language === visit.language ? { 'aria-pressed': 'true' } : {})}
      >
        {languageNames[language]}
      </button>
    ))}
  </form>
)

const SignedIn: FC<{ readonly visit: Visit }> = ({ visit }) => (
  <form class="who" method="post" action="/sign-out">
    <Token visit={visit} action="/sign-out" />
    <span class="address">{visit.session?.address}</span>
    <button type="submit" class="quiet">
      {visit.t('shell.signOut')}
    </button>
  </form>
)

export const Shell: FC<{ readonly visit: Visit; readonly reply: PageReply }> = ({ visit, reply }) => {
  const { t, language, session } = visit
  const isOnce = reply.reveal !== undefined
  const flash = session?.flash
  if (session) session.flash = undefined
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex, nofollow" />
        <title>{`${reply.title} · Letterlock`}</title>
        {reply.refreshSeconds === undefined ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(reply.refreshSeconds)} />
          </noscript>
        )}
        <link rel="stylesheet" href={stylesheet.path} />
        <link rel="icon" href={icon.path} type="image/svg+xml" />
        <script type="module" src={script.path}></script>
      </head>
      <body class={session && !isOnce ? 'has-menu' : 'plain'}>
        <a class="skip" href="#main">
          {t('shell.skip')}
        </a>
        <header class="top">
          <span class="brand">
            <Icon name="locked" />
            {session && !isOnce ? <a href="/">Letterlock</a> : <span>Letterlock</span>}
            <span class="host">{visit.site.settings.hostname}</span>
          </span>
          {session && !isOnce ? <SignedIn visit={visit} /> : null}
        </header>
        {session && !isOnce ? <Menu visit={visit} /> : null}
        <main id="main" tabindex={-1}>
          <h1>{reply.title}</h1>
          {flash === undefined ? null : (
            <p class="notice good" role="status">
              <Icon name="good" />
              <span>{flash}</span>
            </p>
          )}
          {reply.body}
        </main>
        {isOnce ? null : (
          <footer>
            <Languages visit={visit} />
          </footer>
        )}
      </body>
    </html>
  )
}
