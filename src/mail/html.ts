// HTML to the text a reader sees, for searching: tags out, entities decoded. One pass, no tree.
import { entityText } from './entities.ts'

// Tags that may stand inside a word. Every other tag separates words.
const inlineTags = new Set(
  'a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark nobr q s samp small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
)
// Elements whose content no one sees.
const hiddenTags = new Set(['script', 'style', 'noframes', 'template', 'title'])
const tagName = /^\/?([a-z][a-z0-9]*)/i

/** The visible text. Never throws; broken markup may leave markup in the text. */
export function htmlText(html: string): string {
  const pieces: string[] = []
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) break
    pieces.push(html.slice(at, open))
    if (html.startsWith('<!--', open)) {
      at = behind(html, '-->', open + 4)
      continue
    }
    const name = tagName.exec(html.slice(open + 1, open + 32))?.[1]?.toLowerCase()
    const isMarkup = name !== undefined || /^[!?/]/.test(html.charAt(open + 1))
    if (!isMarkup) {
      pieces.push('<') // "a < b" in careless text
      at = open + 1
      continue
    }
    if (name === undefined || !inlineTags.has(name)) pieces.push('\n')
    at = behindTag(html, open + 1)
    if (name !== undefined && hiddenTags.has(name) && html.charAt(open + 1) !== '/')
      at = behindElement(html, name, at)
  }
  pieces.push(html.slice(at))
  return decodeEntities(pieces.join(''))
}

function behind(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from)
  return found < 0 ? html.length : found + mark.length
}

// A ">" inside a quoted attribute value does not end a tag.
function behindTag(html: string, from: number): number {
  let quote = ''
  for (let at = from; at < html.length; at++) {
    const char = html.charAt(at)
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === '>') return at + 1
    else if ((char === '"' || char === "'") && html.charAt(at - 1) === '=') quote = char
  }
  return html.length
}

function behindElement(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}[\\s>]`, 'gi')
  end.lastIndex = from
  const match = end.exec(html)
  return match ? match.index : html.length
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});?/gi, (whole, body: string) => {
    return entityText(body) ?? whole
  })
}
