// The stylesheet, the script and the icon: read once, named by their content, so that browsers may keep them.
import { readFileSync } from 'node:fs'
import { sha256 } from '../crypto/digest.ts'

export interface Asset {
  readonly path: string
  readonly type: string
  readonly bytes: Buffer
}

function read(name: string, extension: string, type: string): Asset {
  const bytes = readFileSync(new URL(`./static/${name}.${extension}`, import.meta.url))
  return { path: `/static/${name}-${sha256(bytes).toString('hex', 0, 6)}.${extension}`, type, bytes }
}

export const stylesheet: Asset = read('style', 'css', 'text/css; charset=utf-8')
export const script: Asset = read('comfort', 'js', 'text/javascript; charset=utf-8')
export const icon: Asset = read('icon', 'svg', 'image/svg+xml')

export const assets: readonly Asset[] = [stylesheet, script, icon]
