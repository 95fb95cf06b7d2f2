// Runs in a process of its own: loads the ciphers and compares their answers with published ones.
import { cryptoReady } from '../../crypto/ready.ts'

await cryptoReady()
