// Writes the test vectors of FORMAT.md that are not there yet. A vector that exists is never made again: it is a promise.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { printVector, vectorFolder, type Vector } from '../crypto/vector.ts'
import { appPasswordVectors, slotLabelVectors } from './vectors/app-passwords.ts'
import { bodyVectors } from './vectors/bodies.ts'
import { boxVectors } from './vectors/boxes.ts'
import { keyVectors } from './vectors/keys.ts'
import { laterVectors } from './vectors/later.ts'
import { recoveryCodeVectors } from './vectors/recovery-codes.ts'
import { scramVectors } from './vectors/scram.ts'
import { siteVectors } from './vectors/site.ts'
import { slotVectors } from './vectors/slots.ts'

const vectors: readonly Vector[] = [
  ...boxVectors(),
  ...bodyVectors(),
  ...keyVectors(),
  ...siteVectors(),
  ...recoveryCodeVectors(),
  ...appPasswordVectors(),
  ...slotLabelVectors(),
  ...(await slotVectors()),
  ...(await scramVectors()),
  ...(await laterVectors()),
]

mkdirSync(vectorFolder, { recursive: true })
let written = 0
for (const vector of vectors) {
  const path = join(vectorFolder, `${vector.name}.txt`)
  if (existsSync(path)) continue
  writeFileSync(path, printVector(vector))
  written += 1
}
process.stdout.write(`${written} vectors written, ${vectors.length - written} kept\n`)
