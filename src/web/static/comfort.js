// Comfort for browsers that run it: printing, copying, and progress without reloading. Everything works without.
document.documentElement.classList.add('has-script')

for (const button of document.querySelectorAll('[data-comfort="print"]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}

/** A code is copied as it is written: its groups with dashes. */
function textOf(element) {
  const groups = [...element.querySelectorAll('li')]
  return groups.length > 0
    ? groups.map((group) => group.textContent.trim()).join('-')
    : element.textContent.trim()
}

for (const button of document.querySelectorAll('[data-comfort="copy"]')) {
  const source = document.getElementById(button.dataset.copy)
  // Only offered where browsers allow it: on secure pages.
  if (!source || !navigator.clipboard) continue
  const label = button.textContent
  button.hidden = false
  button.setAttribute('aria-live', 'polite')
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(textOf(source))
      button.textContent = button.dataset.done
      setTimeout(() => (button.textContent = label), 4000)
    } catch {
      // The browser said no; the code stands there to be selected.
    }
  })
}

/** The page as it is now, as soon as there is a server that answers: where nobody does, a browser would show a page of its own. */
async function reloadWhenAnswered() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 2000))
    try {
      await fetch(location.href, { redirect: 'manual', cache: 'no-store' })
      location.reload()
      return
    } catch {
      // Not yet.
    }
  }
}

for (const place of document.querySelectorAll('[data-comfort="progress"]')) {
  const bar = place.querySelector('progress')
  const words = place.querySelector('.bar-words')
  const language = document.documentElement.lang
  const source = new EventSource(place.dataset.source)
  source.addEventListener('message', ({ data }) => {
    const { done, total, ended } = JSON.parse(data)
    if (ended) {
      source.close()
      location.reload()
      return
    }
    bar.max = Math.max(total, 1)
    bar.value = Math.min(done, total)
    words.textContent = place.dataset.words
      .replace('{done}', done.toLocaleString(language))
      .replace('{total}', total.toLocaleString(language))
  })
  // A lost connection is opened again by the browser. A session that is gone, as after a restart of the server, ends the stream for good.
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) reloadWhenAnswered()
  })
  addEventListener('pagehide', () => source.close())
}
