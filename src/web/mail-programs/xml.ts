// Writing small XML documents: elements with text, escaped.

export function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  // What XML 1.0 §2.2 has no way to write is left out.
  return text
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '')
    .replace(/[&<>"']/g, (one) => entities[one] ?? '')
}

export function element(name: string, content: string | number, attributes = ''): string {
  return `<${name}${attributes}>${typeof content === 'number' ? String(content) : escapeXml(content)}</${name}>`
}
