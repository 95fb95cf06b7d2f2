// Makes the names in a directory durable.
import { open } from 'node:fs/promises'

/** Resolves when files made, renamed or removed in it before will be so after a power cut as well. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
