// Freezes a store as a release makes it: `node dist/test/tooling/make-store.js NAME [LETTERLOCK.JS OF ANOTHER RELEASE]`, into fixtures/stores/NAME.
import { existsSync } from 'node:fs'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { create } from 'tar'
import { ServerProcess } from '../support/server-process.ts'
import { storesFolder } from '../upgrade/frozen.ts'
import { liveEverything } from '../upgrade/whole-life.ts'

const [name, program] = process.argv.slice(2)
if (name === undefined) throw new Error('the name of the store is missing')
const folder = join(storesFolder, name)
// A store that is there is a promise, as vectors are.
if (existsSync(folder)) throw new Error(`${folder} is there already`)

await using site = await ServerProcess.start({
  tables: { recovery: 'delay = "2h"', auth: 'account_failures = 50\naddress_failures = 500' },
  ...(program === undefined ? {} : { program }),
})
const promise = await liveEverything(site)
await site.kill()
const data = join(site.root, 'frozen')
await cp(site.dataDir, data, { recursive: true, filter: (path) => !path.endsWith('.sock') })
// The last backup of the release: a copy of a store that nobody has touched since.
await site.command(['backup', join(site.root, 'backup')])
await rm(join(data, 'uploads'), { recursive: true, force: true })
await mkdir(folder, { recursive: true })
await cp(join(site.root, 'backup'), join(dirname(data), 'frozen-backup'), { recursive: true })
await create({ gzip: { level: 9 }, file: join(folder, 'store.tar.gz'), cwd: site.root, portable: true }, [
  'frozen',
  'frozen-backup',
])
await writeFile(join(folder, 'promise.json'), `${JSON.stringify(promise, null, 1)}\n`)
process.stdout.write(`${folder}\n`)
