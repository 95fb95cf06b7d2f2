// Removes old generations of a backup, and the files that only they needed. A crash leaves too much, never too little.
import { stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../base/sync-directory.ts'
import { generationName, generationsIn, namesIn, openPlaces, type Places } from './layout.ts'
import { readManifests, type ReadManifest } from './manifest.ts'
import { withLock } from './take.ts'

/** Paths below the root that some generation names. */
function needed(manifests: readonly ReadManifest[]): Set<string> {
  const paths = new Set<string>()
  for (const { generation, accounts } of manifests) {
    paths.add(join('site', generationName(generation)))
    for (const { account, recordsOf, packs } of accounts) {
      paths.add(join('records', account, generationName(recordsOf)))
      for (const { pack } of packs) paths.add(join('packs', account, pack))
    }
  }
  return paths
}

async function filesOf(places: Places): Promise<string[]> {
  const found = (await namesIn(join(places.root, 'site'))).map((name) => join('site', name))
  for (const kind of ['records', 'packs'])
    for (const account of await namesIn(join(places.root, kind)))
      for (const name of await namesIn(join(places.root, kind, account)))
        found.push(join(kind, account, name))
  return found
}

/** Keeps the newest `keep` whole generations and all that is newer than the oldest of them. Throws BackupDamaged. */
export async function pruneBackup(
  root: string,
  keep: number,
  isDryRun: boolean,
): Promise<{ removed: number[]; bytes: number }> {
  const { places, id } = await openPlaces(root)
  return withLock(places, async () => {
    const manifests = await readManifests(places, id, undefined)
    const whole = manifests.filter(({ isWhole }) => isWhole)
    const oldest = whole.at(-Math.max(1, keep))?.generation ?? 0
    const kept = manifests.filter(({ generation }) => generation >= oldest)
    const removed = (await generationsIn(places)).filter((generation) => generation < oldest)
    const wanted = needed(kept)
    const useless = (await filesOf(places)).filter((path) => !wanted.has(path))
    let bytes = 0
    for (const path of useless) bytes += (await stat(join(root, path))).size
    if (isDryRun) return { removed, bytes }
    // Manifests first: none must name what is gone.
    for (const generation of removed) await unlink(places.manifest(generation))
    await syncDirectory(join(root, 'generations'))
    for (const path of useless) await unlink(join(root, path))
    return { removed, bytes }
  })
}
